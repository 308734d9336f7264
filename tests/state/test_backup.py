from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import DiskFull
from cynthus.state.backup import backup
from tests import damage as damages
from tests.damage import like_everybody
from tests.state.disks import fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def tfstate(tmp_path: Path) -> Path:
    return tmp_path / "terraform.tfstate"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def write(tfstate: Path, serial: int, seconds: int = 0, **more: object) -> bytes:
    tfstate.write_text(json.dumps({"version": 4, "serial": serial, **more}))
    moment = MOMENT.timestamp() + seconds
    os.utime(tfstate, (moment, moment))
    return tfstate.read_bytes()


def serials(into: Path) -> list[int]:
    return [json.loads(path.read_text())["serial"] for path in sorted(into.iterdir())]


def test_a_copy_is_named_by_time_and_serial_number(tfstate: Path, into: Path) -> None:
    data = write(tfstate, 12)
    copy = backup(tfstate, into)
    assert copy is not None
    assert copy.name == "20260102T030405.000000Z-00000012.tfstate"
    assert copy.read_bytes() == data


def test_a_copy_is_for_its_owner_only(tfstate: Path, into: Path) -> None:
    write(tfstate, 1)
    copy = backup(tfstate, into)
    assert copy is not None
    assert copy.stat().st_mode & 0o777 == 0o600


def test_a_state_that_did_not_change_is_not_copied_again(tfstate: Path, into: Path) -> None:
    write(tfstate, 1)
    first = backup(tfstate, into)
    os.utime(tfstate)
    assert backup(tfstate, into) == first
    assert serials(into) == [1]


def test_a_copy_is_never_overwritten(tfstate: Path, into: Path) -> None:
    one = write(tfstate, 1, lineage="one")
    first = backup(tfstate, into)
    other = write(tfstate, 1, lineage="other")
    second = backup(tfstate, into)
    assert first is not None
    assert second is not None
    assert (first.read_bytes(), second.read_bytes()) == (one, other)


def test_a_third_copy_of_one_moment_has_a_place_too(tfstate: Path, into: Path) -> None:
    for lineage in ("a", "b", "c"):
        write(tfstate, 1, lineage=lineage)
        backup(tfstate, into)
    assert len(list(into.iterdir())) == 3


def test_only_the_newest_are_kept(tfstate: Path, into: Path) -> None:
    for serial in range(1, 6):
        write(tfstate, serial, seconds=serial)
        backup(tfstate, into, keep=3)
    assert serials(into) == [3, 4, 5]


def test_keeping_one_keeps_the_new_one(tfstate: Path, into: Path) -> None:
    for serial in (1, 2):
        write(tfstate, serial, seconds=serial)
        backup(tfstate, into, keep=1)
    assert serials(into) == [2]


def test_a_new_state_that_counts_from_one_is_the_newest(tfstate: Path, into: Path) -> None:
    for seconds, serial in enumerate((40, 41, 1)):
        write(tfstate, serial, seconds=seconds)
        backup(tfstate, into, keep=2)
    assert serials(into) == [41, 1]


def test_a_clock_that_was_set_back_does_not_cost_the_copy_just_made(tfstate: Path, into: Path) -> None:
    for seconds, serial in ((100, 1), (200, 2), (0, 3)):
        write(tfstate, serial, seconds=seconds)
        backup(tfstate, into, keep=2)
    assert sorted(serials(into)) == [2, 3]


def test_other_files_beside_the_copies_stay(tfstate: Path, into: Path) -> None:
    into.mkdir()
    (into / "copied-terraform.tfstate").write_text('{"serial": 0}')
    for serial in (1, 2, 3):
        write(tfstate, serial, seconds=serial)
        backup(tfstate, into, keep=1)
    assert (into / "copied-terraform.tfstate").exists()


def test_where_no_state_is_nothing_is_made(tfstate: Path, into: Path) -> None:
    assert backup(tfstate, into) is None
    assert not into.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"serial": "1"}', '{"serial": -1}', "{}"])
def test_half_a_state_pushes_no_whole_one_out(tfstate: Path, into: Path, text: str) -> None:
    write(tfstate, 1)
    backup(tfstate, into, keep=1)
    tfstate.write_text(text)
    assert backup(tfstate, into, keep=1) is None
    assert serials(into) == [1]


def test_a_full_disk_leaves_the_earlier_copies(small_disk: Path, tfstate: Path) -> None:
    write(tfstate, 1)
    backup(tfstate, small_disk, keep=1)
    fill(small_disk)
    write(tfstate, 2, seconds=1)
    with pytest.raises(DiskFull):
        backup(tfstate, small_disk, keep=1)
    assert [path.name for path in small_disk.glob("*.tfstate")] == ["20260102T030405.000000Z-00000001.tfstate"]


@pytest.mark.parametrize("harm", [damages.truncated, damages.empty, damages.closed, damages.a_folder])
def test_a_damaged_copy_is_no_reason_to_go_without_another(
    tfstate: Path, into: Path, harm: Callable[[Path], None]
) -> None:
    write(tfstate, 1)
    first = backup(tfstate, into)
    assert first is not None
    harm(first)
    data = write(tfstate, 2, seconds=1)
    with like_everybody():
        second = backup(tfstate, into)
    assert second is not None
    assert second.read_bytes() == data
