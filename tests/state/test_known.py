from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.state.known import NOTHING, Known, load, parse, save

if TYPE_CHECKING:
    from pathlib import Path

SIGNS = st.tuples(st.integers(0, 2**63), st.integers(-(2**63), 2**63)) | st.text()
FILES = st.dictionaries(st.text(), st.lists(SIGNS, max_size=3).map(tuple), max_size=3)


@given(st.builds(Known, st.text(), FILES))
def test_what_is_written_is_read_back(known: Known) -> None:
    text = json.dumps({"schema": 1, "began": known.began, "files": known.files})
    assert parse(text.encode()) == known


def test_a_name_that_is_not_text_is_remembered_too(tmp_path: Path) -> None:
    known = Known("b", {"caf\udce9": ((1, 2), "to \udce9")})
    save(tmp_path / "deep/record", known)
    assert load(tmp_path / "deep/record") == known


def test_no_record_remembers_nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "none") == NOTHING


def test_neither_does_one_that_cannot_be_read(tmp_path: Path) -> None:
    assert load(tmp_path) == NOTHING


@pytest.mark.parametrize("text", [
    "", "x", "[]", "{}", "\0", "[" * 100_000, '{"schema": 2, "began": "", "files": {"a": [[1, 2]]}}',
    '{"schema": 1, "files": {"a": [[1, 2]]}}', '{"schema": 1, "began": "", "files": [1]}',
    '{"schema": 1, "began": 1, "files": {"a": [[1, 2]]}}',
])  # fmt: skip
def test_a_damaged_record_remembers_nothing(text: str) -> None:
    assert parse(text.encode()) == NOTHING


@pytest.mark.parametrize("sign", ["null", "1", "[1]", "[1,2,3]", "[1.5,2]", "[true,2]", '["1",2]', "[-1,0]", "{}"])
def test_a_version_that_makes_no_sense_is_no_version(sign: str) -> None:
    text = f'{{"schema": 1, "began": "", "files": {{"a": [{sign}, "x"], "b": {sign}}}}}'
    assert parse(text.encode()).of("a") == ("x",)


def test_what_is_on_its_way_is_known_beside_what_is_there() -> None:
    known = Known("", {"a": ((1, 1),)})
    assert known.expecting({"a": (2, 2), "b": "x"}).files == {"a": ((1, 1), (2, 2)), "b": ("x",)}


def test_what_has_come_is_known_alone() -> None:
    known = Known("", {"a": ((1, 1), (2, 2)), "b": ((3, 3),)})
    assert known.having({"a": (2, 2)}).files == {"a": ((2, 2),), "b": ((3, 3),)}


def test_of_a_host_that_began_with_something_else_nothing_older_is_known() -> None:
    begun = Known("b2", {"a": ((1, 1),)})
    assert Known("b1", {"a": ((2, 2),)}).since(begun) == begun


def test_what_was_learnt_since_it_began_stays_known() -> None:
    known = Known("b1", {"a": ((2, 2),)})
    assert known.since(Known("b1", {"a": ((1, 1),)})) == known
