"""Transfers that last: how far they are is seen from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.agent import moving as agents
from cynthus.operations.late import late
from cynthus.operations.moving import Moving
from tests.operations.host import Recorder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def progress() -> Recorder:
    return Recorder()


def transfer(place: Path, host: str = "") -> agents.Moving:
    """One that notes each byte, in a folder that Cynthus keeps records in."""
    records(place).mkdir(parents=True, exist_ok=True)
    return agents.Moving(agents.note_of(place, "app-0a1b2c", host), 100, pause=0)


def records(place: Path) -> Path:
    return place / ".cynthus/app-0a1b2c"


def test_the_transfers_to_all_hosts_are_told_together(tmp_path: Path, progress: Recorder) -> None:
    for host, count in (("host-0", 10), ("host-1", 30)):
        transfer(tmp_path, host).add(count)
    Moving(records(tmp_path), progress.step("Configure")).look()
    assert progress.amounts == [(40, 200)]


def test_when_there_is_none_any_more_that_is_told_once(tmp_path: Path, progress: Recorder) -> None:
    moving = transfer(tmp_path)
    moving.add(10)
    looking = Moving(records(tmp_path), progress.step("Configure"))
    looking.look()
    moving.end()
    looking.look()
    looking.look()
    assert progress.amounts == [(10, 100), (0, 0)]


def test_what_a_killed_one_left_is_not_told(tmp_path: Path, progress: Recorder) -> None:
    transfer(tmp_path).add(10)
    with Moving(records(tmp_path), progress.step("Configure"), pause=60) as looking:
        looking.look()
    assert progress.amounts == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"done": "x"}', '{"done": 1}'])
def test_a_damaged_note_tells_nothing(tmp_path: Path, progress: Recorder, content: str) -> None:
    (tmp_path / "moving.json").write_text(content)
    Moving(tmp_path, progress.step("Configure")).look()
    assert progress.amounts == []


def test_more_than_the_whole_is_never_told(tmp_path: Path, progress: Recorder) -> None:
    transfer(tmp_path).add(130)
    Moving(records(tmp_path), progress.step("Configure")).look()
    assert progress.amounts == [(100, 100)]


def test_where_cynthus_keeps_no_records_nothing_is_written(tmp_path: Path) -> None:
    moving = agents.Moving(agents.note_of(tmp_path, "app-0a1b2c"), 100, pause=0)
    moving.add(10)
    moving.end()
    assert list(tmp_path.iterdir()) == []


def test_what_is_over_in_a_moment_is_no_step(progress: Recorder) -> None:
    with late(progress, "Pack the source") as tell:
        tell(5, 10)
    assert (progress.steps, progress.amounts) == ([], [])


def test_what_takes_longer_becomes_one(progress: Recorder) -> None:
    with late(progress, "Pack the source", patience=0) as tell:
        tell(5, 10)
        tell(10, 10)
    assert (progress.steps, progress.amounts) == (["Pack the source"], [(5, 10), (10, 10)])
