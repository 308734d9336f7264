from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import FolderNotWritable
from cynthus.state.aside import damage, set_aside
from tests import damage as damages
from tests.damage import like_everybody

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "x.json"
    path.write_text('{"a": 1}\n')
    return path


def test_a_record_that_is_set_aside_keeps_its_content(record: Path) -> None:
    kept = set_aside(record, NOW)
    assert (kept.name, kept.read_text()) == ("x.json.damaged-20260102T030405Z", '{"a": 1}\n')


def test_its_place_is_free_then(record: Path) -> None:
    set_aside(record, NOW)
    assert not record.exists()


def test_a_second_one_of_the_same_second_does_not_replace_the_first(record: Path) -> None:
    first = set_aside(record, NOW)
    record.write_text("another")
    second = set_aside(record, NOW)
    assert (first.read_text(), second.read_text()) == ('{"a": 1}\n', "another")


def test_a_folder_in_the_place_of_a_record_is_set_aside_too(record: Path) -> None:
    damages.a_folder(record)
    assert set_aside(record, NOW).is_dir()


def test_a_folder_that_cannot_be_written_is_said(read_only: Path) -> None:
    with pytest.raises(FolderNotWritable, match="read-only"):
        set_aside(read_only / "there", NOW)


@pytest.mark.parametrize("harm", [each for each in damages.EVERY if each is not damages.wrong_fields])
def test_a_file_that_holds_no_json_object_is_damaged_and_named(record: Path, harm: Callable[[Path], None]) -> None:
    harm(record)
    with like_everybody():
        problem = damage(record)
    assert problem is not None
    assert str(record) in problem.message


def test_a_json_object_is_not_damaged(record: Path) -> None:
    assert damage(record) is None


def test_what_is_not_there_is_not_damaged(tmp_path: Path) -> None:
    assert damage(tmp_path / "x.json") is None
