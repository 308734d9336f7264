from __future__ import annotations

import json
from typing import Any

import pytest

from cynthus.core.schema import section_schema, spec_schema, written
from cynthus.core.section import keys_of
from cynthus.core.spec import AppSpec, Cpus, DataEntry, Duration, Gpu, Limits, Resources, Section, Size
from cynthus.errors import (
    BadName,
    BadValue,
    DataNotSupported,
    KeysExclude,
    PathRefused,
    UnknownKey,
    UnknownTarget,
    WrongType,
)
from tests.core.reading import place, problem, problems, read

EVERYTHING = """
name: weather
target: ssh
source: src
run: [python, train.py, --epochs, 10, --rate, 1e-3]
runtime: venv
requirements: deps/gpu.txt
image: {python: 3.10, base: python:3.10-slim}
data:
  - {from: data/raw, as: raw, mode: copy}
  - {from: /data/shared, as: shared}
outputs: results/
checkpoints: state
resources: {gpu: ["H100:2", A100], cpus: 4+, memory: 16GB+, disk: 100GB}
limits: {max_duration: 4h, stop_grace: 30}
env: {RATE: 1e-3, BATCH: 010, TIME: 12:30, EMPTY: "", WORD: "no"}
secrets: [HF_TOKEN]
"""


def test_a_file_with_every_key_is_read() -> None:
    spec = read(EVERYTHING)
    assert (spec.name, spec.target, spec.source, spec.runtime) == ("weather", "ssh", "src", "venv")
    assert spec.run == ("python", "train.py", "--epochs", "10", "--rate", "1e-3")
    assert (spec.requirements, spec.outputs, spec.checkpoints) == ("deps/gpu.txt", "results", "state")
    assert spec.data == (
        DataEntry(path="data/raw", name="raw", mode="copy"),
        DataEntry(path="/data/shared", name="shared"),
    )
    assert spec.resources == Resources(
        gpu=(Gpu("H100", 2), Gpu("A100")),
        cpus=Cpus(4, at_least=True),
        memory=Size(16 * 10**9, at_least=True),
        disk=Size(10**11),
    )
    assert spec.limits == Limits(max_duration=Duration(14400), stop_grace=Duration(30))
    assert spec.secrets == ("HF_TOKEN",)


def test_no_key_is_needed() -> None:
    spec = read("")
    assert spec == AppSpec(name="folder")
    assert (spec.target, spec.source, spec.run, spec.runtime) == ("local", "auto", ("python", "main.py"), "auto")
    assert (spec.requirements, spec.outputs, spec.checkpoints) == ("auto", "outputs", "checkpoints")
    assert spec.limits.stop_grace == Duration(10)
    assert spec.limits.max_duration is None


def test_a_version_of_python_is_not_a_number() -> None:
    assert read("image: {python: 3.10}").image.python == "3.10"


def test_variables_keep_the_text_that_was_written() -> None:
    assert read(EVERYTHING).env == {"RATE": "1e-3", "BATCH": "010", "TIME": "12:30", "EMPTY": "", "WORD": "no"}


@pytest.mark.parametrize("key", list(keys_of(AppSpec)))
def test_a_key_without_a_value_has_its_default(key: str) -> None:
    assert read(f"{key}:\n") == read("")


def test_one_gpu_needs_no_list() -> None:
    assert read("resources: {gpu: L4:1}").resources.gpu == (Gpu("L4"),)


def test_one_data_entry_may_be_just_its_path() -> None:
    assert read("data: [./data/raw/]").data == (DataEntry(path="data/raw"),)


def test_a_variable_may_be_called_like_a_boolean() -> None:
    assert read("env: {NO: a, on: b}").env == {"NO": "a", "on": "b"}


def test_an_anchor_may_be_used_twice() -> None:
    assert read("outputs: &here out\nenv: {WHERE: *here}").env == {"WHERE": "out"}


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        setattr(read(""), "name", "other")  # noqa: B010 - the type checker would not let it be tried


CASES: list[tuple[str, type, int, str]] = [
    # text, kind, column (all in line 1), part of the hint
    ("nmae: x", UnknownKey, 1, 'did you mean "name"?'),
    ("gpu: L4", UnknownKey, 1, "stands below `resources:`"),
    ("limits: {env: {}}", UnknownKey, 10, "stands on the first level"),
    ("image: {color: red}", UnknownKey, 9, "the keys here are: python, base"),
    ("data: [{path: x, from: y}]", UnknownKey, 9, "from, as, mode"),
    ("'': x", UnknownKey, 1, "the keys here are"),
    ("<<: {name: x}", UnknownKey, 1, "the keys here are"),
    ("target: lcoal", UnknownTarget, 9, 'did you mean "local"?'),
    ("target: mars", UnknownTarget, 9, "local, ssh"),
    ("target: yes", WrongType, 9, 'put it in quotes: "yes"'),
    ("runtime: docker", BadValue, 10, "auto, container, venv"),
    ("runtime: contaner", BadValue, 10, 'did you mean "container"?'),
    ("runtime: [venv]", BadValue, 10, "auto, container, venv"),
    ("run: python main.py 'a b'", WrongType, 6, "run: [python, main.py, 'a b']"),
    ('run: "python \'a"', WrongType, 6, "run: [python, "),
    ("run: []", BadValue, 6, "run: [python, main.py]"),
    ("run: ['', x]", BadValue, 7, "run: [python, main.py]"),
    ("run: [python, [x]]", WrongType, 15, "write a text"),
    ("run: [python, true]", WrongType, 15, 'put it in quotes: "true"'),
    ("run: {a: b}", WrongType, 6, "a list"),
    ("env: [A]", WrongType, 6, "{KEY: value}"),
    ("env: {A: off}", WrongType, 10, '"off"'),
    ("env: {A: }", WrongType, 9, '""'),
    ("env: {A: [1]}", WrongType, 10, "a text"),
    ("env: {A: .inf}", BadValue, 10, '".inf"'),
    ("env: {A: .nan}", BadValue, 10, '".nan"'),
    ("env: {1A: x}", BadName, 7, "no digit first"),
    ("env: {A-B: x}", BadName, 7, "letters, digits and underscores"),
    ('env: {A: "\\0"}', BadValue, 10, "delete the escape"),
    ('env: {A: "\\ud800"}', BadValue, 10, "delete the escape"),
    ("env: {1: x}", WrongType, 7, "put it in quotes"),
    ("secrets: A", WrongType, 10, "secrets: [A]"),
    ("secrets: [a b]", BadName, 11, "letters"),
    ("secrets: [A, A]", KeysExclude, 14, "delete one"),
    ("{env: {A: x}, secrets: [B, A]}", KeysExclude, 28, "under `env:`"),
    ("data: data/raw", WrongType, 7, "data: [data/raw]"),
    ("data: [a, {from: b, as: b}]", KeysExclude, 8, "{from: a, as: a}"),
    ("data: [{from: a, as: x}, {from: b, as: x}]", KeysExclude, 40, "its own `as:`"),
    ("data: [{as: x}]", WrongType, 8, "from: and a value"),
    ("data: [{from: a, as: a/b}]", BadName, 22, "letters"),
    ("data: [{from: a, as: ..}]", BadName, 22, "letters"),
    ("data: [{from: a, mode: link}]", BadValue, 24, "auto, copy, mount"),
    ("data: [~/x]", PathRefused, 8, "the whole path"),
    ("data: ['']", PathRefused, 8, "name a folder"),
    ("data: [null]", WrongType, 8, "keys with values"),
    ("outputs: ../x", PathRefused, 10, "without `..`"),
    ("outputs: /x", PathRefused, 10, "below it"),
    ("outputs: .", PathRefused, 10, "of its own"),
    ("outputs: infra/x", PathRefused, 10, "of its own"),
    ("checkpoints: outputs", KeysExclude, 14, "of its own"),
    ("checkpoints: outputs/deep", KeysExclude, 14, "of its own"),
    ("{source: src, outputs: src/}", KeysExclude, 24, "of its own"),
    ("{data: [x], checkpoints: x}", KeysExclude, 26, "of its own"),
    ("source: /src", PathRefused, 9, "below it"),
    ('source: "a\\nb"', PathRefused, 9, "a plain name"),
    ("requirements: ../r.txt", PathRefused, 15, "below it"),
    ("image: {python: 2.7}", BadValue, 17, '"3.12"'),
    ("image: {python: 3}", BadValue, 17, '"3.12"'),
    ("image: {base: a b}", BadValue, 15, "python:3.12-slim"),
    ("image: {base: --privileged}", BadValue, 15, "python:3.12-slim"),
    ("image: {registry: somebody}", BadValue, 19, "HOST[/PATH]"),
    ("image: {registry: 'https://ghcr.io/a'}", BadValue, 19, "HOST[/PATH]"),
    ("image: {registry: 'ghcr.io/a:1'}", BadValue, 19, "HOST[/PATH]"),
    ("image: {registry: ghcr.io/A}", BadValue, 19, "HOST[/PATH]"),
    ("image: {registry: ghcr.io//a}", BadValue, 19, "HOST[/PATH]"),
    ("image: {cuda: newest}", BadValue, 15, 'cuda: "12.8"'),
    ("{image: {base: a, cuda: 12.8}}", KeysExclude, 25, "delete"),
    ("image: {apt: ['rm -rf /']}", BadValue, 15, "[ffmpeg, libgl1]"),
    ("image: {apt: [--allow-unauthenticated]}", BadValue, 15, "[ffmpeg, libgl1]"),
    ("image: python", WrongType, 8, "keys with values"),
    ("resources: {gpu: H10O}", BadValue, 18, '"H100"'),
    ("resources: {gpu: [L4, 'L4:0']}", BadValue, 23, "L4:1"),
    ("resources: {gpu: {L4: 1}}", WrongType, 18, "a list"),
    ("resources: {gpu: 2}", BadValue, 18, "L4:1"),
    ("resources: {cpus: many}", BadValue, 19, "4+"),
    ("resources: {cpus: true}", WrongType, 19, "one value"),
    ("resources: {memory: 16}", BadValue, 21, "16GB"),
    ("resources: {disk: [1GB]}", WrongType, 19, "one value"),
    ("limits: {max_duration: 4:00}", BadValue, 24, "4h"),
    ("limits: {max_duration: 0}", BadValue, 24, "longer"),
    ("limits: {idle: 0}", BadValue, 16, "longer"),
    ("limits: {idle: often}", BadValue, 16, "4h"),
    ("limits: {max_duration: .inf}", BadValue, 24, ".inf"),
    ("limits: {stop_grace: no}", WrongType, 22, "one value"),
]


@pytest.mark.parametrize(("text", "kind", "column", "hint"), CASES, ids=[case[0] for case in CASES])
def test_a_mistake_is_told_with_its_kind_its_place_and_a_way_out(text: str, kind: Any, column: int, hint: str) -> None:
    found = problem(text)
    assert found.code == kind.code
    assert (found.line, found.column) == (1, column)
    assert hint in found.hint


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("My App", "my-app"),
        ("'\"quoted\"'", "quoted"),
        ("${file(1)}", "file-1"),
        ("'%{if}'", "if"),
        ('"a\\nb"', "a-b"),
        ("😀", "app"),
        ("a" * 300, "a" * 63),
        ("2x", "x"),
        ("5", "app"),
    ],
)
def test_a_bad_name_is_answered_with_a_good_one(name: str, better: str) -> None:
    found = problem(f"name: {name}")
    assert (found.code, found.hint) == (BadName.code, f"write e.g. name: {better}")


@pytest.mark.parametrize("address", ["s3://b", "FTP://x"])
def test_data_from_elsewhere_is_refused_at_its_place(address: str) -> None:
    found = problem(f"data:\n  - {{from: '{address}', as: x}}\n")
    assert (found.code, found.line, found.column) == (DataNotSupported.code, 2, 12)


def test_every_mistake_is_told_at_once_in_the_order_of_the_text() -> None:
    found = problems("name: A B\nrnu: [x]\ntarget: lcoal\nlimits:\n  max_duration: x\nenv: {A: no}\nenv: {}\n")
    assert [(one.line, one.column) for one in found] == [(1, 7), (2, 1), (3, 9), (5, 17), (6, 10), (7, 1)]


def test_a_repeated_key_is_told_with_the_line_of_the_first() -> None:
    found = problem("name: a\nrun: [x]\nname: b\n")
    assert (found.line, found.column) == (3, 1)
    assert "line 1" in found.message


def test_a_repeated_key_is_found_on_every_level() -> None:
    assert place("env:\n  A: 1\n  A: 2\n") == (3, 3)


@pytest.mark.parametrize("key", ["1", "1.5", "~", "[a]", "{a: b}", ".inf"])
def test_a_key_that_is_no_text_is_refused(key: str) -> None:
    found = problem(f"? {key}\n: x\n")
    assert (found.code, found.column) == (WrongType.code, 3)


@pytest.mark.parametrize("text", ["- a", "just text", "false", "0", '""', "[]"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    found = problem(text)
    assert (found.code, found.line, found.column) == (WrongType.code, 1, 1)
    assert "no mapping" in found.message


@pytest.mark.parametrize("text", ['env: {"\\e[31m": no}', '"\\e[31m": x', 'env: {"\\e]0;x\\a": [1]}'])
def test_no_message_holds_what_a_terminal_obeys(text: str) -> None:
    assert all((one.message + one.hint + one.source).isprintable() for one in problems(text))


def sections() -> list[type[Section]]:
    return [AppSpec, *Section.__subclasses__()]


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_every_key_is_described_for_the_reference(section: type[Section]) -> None:
    assert all("description" in each for each in section_schema(section)["properties"].values())


def test_the_schema_is_json_and_needs_no_key() -> None:
    schema = json.loads(json.dumps(spec_schema()))
    assert "required" not in schema
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(keys_of(AppSpec))


def test_the_schema_spells_keys_as_the_file_does() -> None:
    assert set(spec_schema()["$defs"]["DataEntry"]["properties"]) == {"from", "as", "mode", "files", "sha256", "unpack"}


def test_the_schema_shows_defaults_as_one_would_write_them() -> None:
    assert spec_schema()["$defs"]["Limits"]["properties"]["stop_grace"]["default"] == "10s"


def test_a_spec_written_as_json_is_read_as_the_same_spec() -> None:
    spec = read(EVERYTHING)
    assert read(json.dumps(written(spec))) == spec


def test_every_data_entry_without_a_name_is_told() -> None:
    found = problems("data:\n  - {from: ../m1}\n  - st.json\n  - {from: x, as: x}\n")
    assert [(each.line, each.column) for each in found] == [(2, 5), (3, 5)]


def test_every_secret_that_cannot_be_one_is_told() -> None:
    found = problems("env: {A: x}\nsecrets: [A, B, B]\n")
    assert [(each.line, each.column) for each in found] == [(2, 11), (2, 17)]


def test_an_engine_is_none_unless_it_is_asked_for() -> None:
    assert [read(text).engine for text in ("", "engine: none", "engine: ray")] == ["none", "none", "ray"]


def test_an_engine_that_nobody_knows_is_refused_at_its_place() -> None:
    found = problem("name: a\nengine: spark")
    assert (found.line, found.column, found.code) == (2, 9, BadValue.code)


@pytest.mark.parametrize(
    ("written", "is_"),
    [
        ("localhost:5000", "localhost:5000"), ("localhost/x", "localhost/x"), ("127.0.0.1:5000", "127.0.0.1:5000"),
        ("europe-docker.pkg.dev/a-project/repo", "europe-docker.pkg.dev/a-project/repo"),
        ("box:5000/a/b", "box:5000/a/b"), ("ghcr.io/some-body/", "ghcr.io/some-body"),
        ("docker.io/me", "docker.io/me"), ("x.org/a__b/c.d", "x.org/a__b/c.d"),
    ],
)  # fmt: skip
def test_a_registry_is_a_host_and_a_path(written: str, is_: str) -> None:
    assert read(f"image: {{registry: '{written}'}}").image.registry == is_
