from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, field

from cynthus.core.run import Run, RunState, Transition, Version
from cynthus.errors import DiskFull, FolderNotWritable, StateCorrupt, StateTooNew
from cynthus.state.record import load, restore, save
from tests.state.examples import ENTRY, RUN

if TYPE_CHECKING:
    from pathlib import Path


class Colour(StrEnum):
    RED = "red"


class Inner(Struct, frozen=True):
    number: int


class Thing(Struct, frozen=True):
    text: str
    number: int
    yes: bool
    colour: Colour
    kind: Literal["a", "b"]
    maybe: str | None
    inner: Inner
    many: tuple[Inner, ...]
    later: int = 7
    fresh: tuple[Inner, ...] = field(default_factory=tuple)


GOOD: dict[str, Any] = {
    "text": "t",
    "number": 1,
    "yes": True,
    "colour": "red",
    "kind": "a",
    "maybe": None,
    "inner": {"number": 2},
    "many": [{"number": 3}],
}


def test_every_field_gets_its_type_back() -> None:
    expected = Thing("t", 1, yes=True, colour=Colour.RED, kind="a", maybe=None, inner=Inner(2), many=(Inner(3),))
    assert restore(Thing, GOOD) == expected


def test_an_enumeration_comes_back_as_itself_and_not_as_text() -> None:
    assert type(restore(Thing, GOOD).colour) is Colour


def test_a_field_that_a_later_version_added_is_left_out() -> None:
    assert restore(Thing, GOOD | {"unheard": 1}) == restore(Thing, GOOD)


def test_a_field_that_an_earlier_version_lacked_gets_its_default() -> None:
    assert restore(Thing, GOOD).later == 7


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_field_is_named(name: str) -> None:
    rest = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(ValueError, match=f"^{name} is missing$"):
        restore(Thing, rest)


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("text", 1, "text"),
        ("text", None, "text"),
        ("number", True, "number"),
        ("number", 1.5, "number"),
        ("number", "1", "number"),
        ("yes", 1, "yes"),
        ("colour", "blue", "colour"),
        ("colour", ["red"], "colour"),
        ("kind", "c", "kind"),
        ("kind", ["a"], "kind"),
        ("maybe", 1, "maybe"),
        ("inner", "x", "inner"),
        ("inner", {"number": "x"}, r"inner\.number"),
        ("many", {"number": 3}, "many"),
        ("many", [{"number": 3}, {}], r"many\[1\]\.number"),
    ],
)
def test_a_value_of_another_type_is_named(name: str, value: object, where: str) -> None:
    with pytest.raises(ValueError, match=f"^{where} "):
        restore(Thing, GOOD | {name: value})


@pytest.mark.parametrize("document", [None, [], "text", 1])
def test_what_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="not an object"):
        restore(Thing, document)


def test_there_is_nothing_where_no_file_is(tmp_path: Path) -> None:
    assert load(tmp_path / "missing.json", Run) is None


def test_a_record_says_its_schema(tmp_path: Path) -> None:
    save(tmp_path / "run.json", RUN)
    assert json.loads((tmp_path / "run.json").read_text())["schema"] == 1


def test_saving_replaces_what_was_there(tmp_path: Path) -> None:
    save(tmp_path / "x.json", ENTRY)
    save(tmp_path / "x.json", RUN)
    assert load(tmp_path / "x.json", Run) == RUN


def test_saving_leaves_nothing_else_behind(tmp_path: Path) -> None:
    save(tmp_path / "x.json", RUN)
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_a_path_that_is_not_utf_8_survives(tmp_path: Path) -> None:
    thing = restore(Thing, GOOD | {"text": "/tmp/\udcff"})
    save(tmp_path / "x.json", thing)
    assert load(tmp_path / "x.json", Thing) == thing


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
runs = st.builds(
    Run,
    id=texts,
    deployment=texts,
    created_at=texts,
    state=st.sampled_from(RunState),
    attempt=st.integers(),
    version=st.builds(Version, texts, texts),
    fingerprint=texts,
    exit_code=st.none() | st.integers(),
    signal=st.none() | st.integers(),
    reason=texts,
    started_at=st.none() | texts,
    ended_at=st.none() | texts,
    pulled=st.booleans(),
    transitions=st.lists(st.builds(Transition, texts, st.sampled_from(RunState), texts), max_size=3).map(tuple),
)


@given(run=runs)
def test_any_run_survives_being_written(tmp_path_factory: pytest.TempPathFactory, run: Run) -> None:
    path = tmp_path_factory.mktemp("record") / "run.json"
    save(path, run)
    assert load(path, Run) == run


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '"text"', "null", "{}", '{"schema": "1"}', '{"schema": true}', '{"schema": 0}', '{"schema": 1}'],
)
def test_a_file_that_holds_something_else_is_corrupt_and_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(StateCorrupt, match=r"cannot read .*x\.json: ."):
        load(tmp_path / "x.json", Run)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\0" * 100, b"[" * 200_000])
def test_a_file_that_is_no_text_of_ours_is_corrupt(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(StateCorrupt):
        load(tmp_path / "x.json", Run)


def test_a_folder_in_the_place_of_a_record_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    with pytest.raises(StateCorrupt, match="is a directory"):
        load(tmp_path / "x.json", Run)


def test_a_record_of_a_newer_version_is_not_read_as_if_it_were_ours(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"schema": 2, "everything": "else"}')
    with pytest.raises(StateTooNew, match="schema 2; this one reads 1"):
        load(tmp_path / "x.json", Run)


def test_a_full_disk_leaves_the_old_record(small_disk: Path) -> None:
    from tests.state.disks import fill

    save(small_disk / "x.json", RUN)
    fill(small_disk)
    with pytest.raises(DiskFull):
        save(small_disk / "x.json", ENTRY)
    assert load(small_disk / "x.json", Run) == RUN


def test_a_read_only_disk_is_said(read_only: Path) -> None:
    with pytest.raises(FolderNotWritable, match="read-only"):
        save(read_only / "x.json", RUN)
