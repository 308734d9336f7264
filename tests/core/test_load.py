from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cynthus.core.load import LARGEST, load, parse
from cynthus.core.section import keys_of
from cynthus.core.spec import AppSpec
from cynthus.errors import KeysExclude, Problem, SpecError, SpecTooLarge, SpecUnreadable, UnknownTarget
from cynthus.process import Command, run

TARGETS = ("local", "ssh")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    app = tmp_path / "My App"
    app.mkdir()
    return app


def refused(folder: Path) -> Problem:
    with pytest.raises(SpecError) as caught:
        load(folder, known_targets=TARGETS)
    (problem,) = caught.value.problems
    return problem


def test_without_a_file_the_folder_gives_the_name(folder: Path) -> None:
    assert load(folder, known_targets=TARGETS) == AppSpec(name="my-app")


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n", "---\n", "--- ~\n...\n", "\ufeff"])
def test_a_file_that_says_nothing_is_as_good_as_none(folder: Path, text: str) -> None:
    (folder / "cynthus.yaml").write_text(text, encoding="utf-8")
    assert load(folder, known_targets=TARGETS) == AppSpec(name="my-app")


@pytest.mark.parametrize("name", ["cynthus.yaml", "cynthus.yml"])
def test_the_file_may_end_either_way(folder: Path, name: str) -> None:
    (folder / name).write_text("name: weather\n")
    assert load(folder, known_targets=TARGETS).name == "weather"


def test_two_files_are_one_too_many(folder: Path) -> None:
    (folder / "cynthus.yaml").touch()
    (folder / "cynthus.yml").touch()
    problem = refused(folder)
    assert problem.code == KeysExclude.code
    assert "cynthus.yaml and cynthus.yml" in problem.message


def test_the_folder_here_has_a_name_too() -> None:
    assert load(Path("."), known_targets=TARGETS).name != "app"  # noqa: PTH201 - as a command line gives it


def test_a_target_from_the_command_line_counts_more(folder: Path) -> None:
    (folder / "cynthus.yaml").write_text("target: local\n")
    assert load(folder, target="ssh", known_targets=TARGETS).target == "ssh"


def test_an_unknown_target_from_the_command_line_is_answered_with_a_known_one(folder: Path) -> None:
    with pytest.raises(UnknownTarget) as caught:
        load(folder, target="shs", known_targets=TARGETS)
    assert caught.value.hint == 'did you mean "ssh"?'


def test_a_problem_names_the_file(folder: Path) -> None:
    (folder / "cynthus.yml").write_text("nmae: x\n")
    assert refused(folder).file == str(folder / "cynthus.yml")


def test_a_file_of_ten_megabytes_is_refused_unread(folder: Path) -> None:
    (folder / "cynthus.yaml").write_text("# no end\n" * (10 * LARGEST // 9))
    assert refused(folder).code == SpecTooLarge.code


def test_a_file_of_the_largest_size_is_read(folder: Path) -> None:
    (folder / "cynthus.yaml").write_text("#".ljust(LARGEST, "x"))
    assert load(folder, known_targets=TARGETS).name == "my-app"


def test_a_binary_file_is_refused(folder: Path) -> None:
    (folder / "cynthus.yaml").write_bytes(Path(sys.executable).read_bytes()[:4096])
    problem = refused(folder)
    assert problem.code == SpecUnreadable.code
    assert "zero bytes" in problem.message


@pytest.mark.parametrize(
    ("data", "place"),
    [(b"name: \xff", (1, 7)), ("# ä\nname: é".encode() + b"\xe9", (2, 8)), ("name: ä".encode("latin-1"), (1, 7))],
)
def test_what_is_not_utf8_is_refused_at_its_first_wrong_byte(folder: Path, data: bytes, place: tuple[int, int]) -> None:
    (folder / "cynthus.yaml").write_bytes(data)
    problem = refused(folder)
    assert (problem.code, problem.line, problem.column) == (SpecUnreadable.code, *place)


def test_a_byte_order_mark_does_not_shift_the_columns(folder: Path) -> None:
    (folder / "cynthus.yaml").write_bytes(b"\xef\xbb\xbfnmae: x")
    assert refused(folder).column == 1


def test_a_folder_of_that_name_is_refused(folder: Path) -> None:
    (folder / "cynthus.yaml").mkdir()
    assert refused(folder).code == SpecUnreadable.code


def test_a_pipe_of_that_name_is_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "cynthus.yaml")
    assert "no regular file" in refused(folder).message


@pytest.mark.parametrize("end", ["cynthus.yaml", "nowhere"])
def test_a_link_that_leads_nowhere_is_refused(folder: Path, end: str) -> None:
    (folder / "cynthus.yaml").symlink_to(end)
    assert refused(folder).code == SpecUnreadable.code


def test_a_file_that_may_not_be_read_is_refused(folder: Path) -> None:
    file = folder / "cynthus.yaml"
    file.touch(mode=0)
    if os.access(file, os.R_OK):
        pytest.skip("this user reads any file")
    assert "ermission denied" in refused(folder).message


def test_reading_changes_nothing(folder: Path) -> None:
    file = folder / "cynthus.yaml"
    file.write_text("name: weather\n")
    file.chmod(stat.S_IRUSR)
    before = file.stat()
    load(folder, known_targets=TARGETS)
    assert [entry.name for entry in folder.iterdir()] == ["cynthus.yaml"]
    assert (file.stat().st_mtime_ns, file.stat().st_size) == (before.st_mtime_ns, before.st_size)


def test_the_parser_is_imported_only_when_a_file_is_read() -> None:
    code = "import sys, cynthus.core.load; print({'yaml', 'cynthus.core.spec'} & set(sys.modules))"
    assert run(Command((sys.executable, "-c", code))).stdout == b"set()\n"


SIGNS = (
    *"[]{}:,-?&*!|>'\"%@`#~ \n\t\r\0",
    ": ",
    "- ",
    "\n  ",
    "<<",
    "!!",
    "&a ",
    "*a",
    "\\",
    "\\U",
    "%YAML 1.1\n",
    "---\n",
)
KEYS = (*keys_of(AppSpec), "gpu", "cpus", "memory", "python", "from", "as", "mode", "max_duration", "stop_grace")
WORDS = (
    "no",
    "1",
    "1e3",
    ".inf",
    "0x",
    "1:30",
    "null",
    "=",
    "\ud800",
    "\x85",
    "\u2028",
    "\ufeff",
    "ä",
    "😀",
    "L4:1",
    "4h",
)
SNIPPETS = st.sampled_from((*SIGNS, *KEYS, *WORDS))
TEXTS = st.text(max_size=80) | st.lists(SNIPPETS, max_size=30).map("".join)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | SNIPPETS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SNIPPETS | st.integers(), inner, max_size=4),
    max_leaves=12,
)


def problems_of(text: str) -> tuple[Problem, ...]:
    """None for a text that loads. Nothing but a SpecError may come of any other."""
    try:
        parse(text, file="cynthus.yaml", name="folder", known_targets=TARGETS)
    except SpecError as error:
        return error.problems
    return ()


def loads_or_tells_why(text: str) -> None:
    """Each problem has a place in the text, and something to do about it."""
    for problem in problems_of(text):
        assert problem.message
        assert problem.hint
        assert (problem.message + problem.hint + problem.source).isprintable()
        assert 1 <= problem.line <= len(text) + 1
        assert 1 <= problem.column <= len(text) + 1


@given(TEXTS)
@example("? ")
@example("a: !<tag:yaml.org,2002:int> x")
@example('"\\x80": "\\uDFFF"')
def test_any_text_is_loaded_or_told_what_is_wrong_with_it(text: str) -> None:
    loads_or_tells_why(text)


@given(st.dictionaries(st.sampled_from(list(keys_of(AppSpec))), VALUES, max_size=5))
def test_any_value_under_any_key_is_loaded_or_told_what_is_wrong_with_it(values: dict[str, object]) -> None:
    loads_or_tells_why(yaml.dump(values, allow_unicode=True))


@given(st.binary(max_size=200) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_file_is_loaded_or_told_what_is_wrong_with_it(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / "cynthus.yaml").write_bytes(data)
    try:
        name = load(folder, known_targets=TARGETS).name
    except SpecError as error:
        name = error.problems[0].file
    assert name
