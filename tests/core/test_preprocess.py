"""The part `preprocess:` of cynthus.yaml."""

from __future__ import annotations

import pytest

from cynthus.errors import BadValue, CynthusError, KeysExclude, PathRefused, UnknownKey, WrongType
from tests.core.reading import place, problem, read


def asked(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = read(f"preprocess: {text}").preprocess
    assert found is not None
    return found.run, found.files


def test_a_python_file_is_run_by_python() -> None:
    assert asked("prep.py") == (("python", "prep.py"), ())


def test_a_list_is_a_command() -> None:
    assert asked('[python, prep.py, --size, 224, "x y"]') == (("python", "prep.py", "--size", "224", "x y"), ())


def test_a_mapping_names_files_besides() -> None:
    assert asked("{run: prep.py, files: [./sizes.yaml, conf/]}") == (("python", "prep.py"), ("sizes.yaml", "conf"))


def test_a_command_may_stand_in_a_mapping() -> None:
    assert asked("{run: [sh, prep.sh]}") == (("sh", "prep.sh"), ())


def test_without_the_key_there_is_none() -> None:
    assert read("name: weather").preprocess is None


CASES: list[tuple[str, type[CynthusError], tuple[int, int], str]] = [
    # text, kind, place, part of the hint
    ("preprocess: prep.sh", WrongType, (1, 13), "preprocess: [prep.sh]"),
    ("preprocess: python prep.py --size 3", WrongType, (1, 13), "preprocess: [python, prep.py, --size,"),
    ("preprocess: []", BadValue, (1, 13), "[python, main.py]"),
    ("preprocess: true", WrongType, (1, 13), ""),
    ("preprocess: {files: [a]}", WrongType, (1, 13), "run: and a value"),
    ("preprocess: {run: prep.py, file: a}", UnknownKey, (1, 28), 'did you mean "files"?'),
    ("preprocess: {run: prep.py, files: [../a]}", PathRefused, (1, 36), "without `..`"),
    ("preprocess: {run: prep.py, files: a}", WrongType, (1, 35), "files: [a]"),
    ("preproces: prep.py", UnknownKey, (1, 1), 'did you mean "preprocess"?'),
    ("preprocess: prep.py\noutputs: prepared/", KeysExclude, (2, 10), "a folder of its own"),
    ("preprocess: prep.py\ncheckpoints: prepared/deep", KeysExclude, (2, 14), "a folder of its own"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "where", "hint"), CASES)
def test_a_mistake_is_told_where_it_is_with_what_to_do(
    text: str, kind: type[CynthusError], where: tuple[int, int], hint: str
) -> None:
    found = problem(text)
    assert (found.code, place(text)) == (kind.code, where)
    assert hint in found.hint


def test_without_it_outputs_may_be_called_prepared() -> None:
    assert read("outputs: prepared").outputs == "prepared"
