from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.clock import parse_stamp
from cynthus.process import birth
from cynthus.state.holder import Holder, Place, current_holder, here, parse_holder, read_holder
from cynthus.testing.clock import START
from tests.state.contender import holding, kill

if TYPE_CHECKING:
    from pathlib import Path

OURS = Place("jo", "box", "boot-1")
STAMP = "2026-01-02T03:04:05Z"
HOLDER = Holder("jo", "box", "boot-1", os.getpid(), birth(os.getpid()) or "", "up", since=STAMP, beat_at=STAMP)


def test_a_holder_is_told_in_a_sentence() -> None:
    since = f"{parse_stamp(STAMP).astimezone():%H:%M:%S on %Y-%m-%d}"
    assert str(replace(HOLDER, pid=123)) == f'jo@box has been running "up" here since {since} (pid 123)'


def test_a_time_that_cannot_be_read_is_shown_as_it_is() -> None:
    assert "since noon (pid" in str(replace(HOLDER, since="noon"))


def test_a_holder_survives_being_written() -> None:
    assert parse_holder(HOLDER.document()) == HOLDER


def test_the_rest_of_a_longer_line_is_not_read() -> None:
    assert parse_holder(HOLDER.document() + b'"up", "since": ') == HOLDER


def test_there_is_nobody_where_no_file_is(tmp_path: Path) -> None:
    assert read_holder(tmp_path / "lock") is None


def test_the_machine_is_known_by_its_boot() -> None:
    assert Place("x", "renamed", "boot-1").reaches(HOLDER)
    assert not Place("x", "box", "boot-2").reaches(HOLDER)


@pytest.mark.parametrize(("ours", "theirs"), [("", ""), ("boot-1", ""), ("", "boot-1")])
def test_where_a_kernel_tells_no_boot_the_name_counts(ours: str, theirs: str) -> None:
    holder = replace(HOLDER, boot=theirs)
    assert Place("x", "box", ours).reaches(holder)
    assert not Place("x", "other", ours).reaches(holder)


def test_this_machine_tells_its_name_and_user() -> None:
    place = here()
    assert place.host == os.uname().nodename
    assert place.owner
    assert place == here()


@pytest.mark.parametrize(("seconds", "silent"), [(0, False), (60, False), (61, True), (-3600, False)])
def test_silence_begins_after_a_minute(seconds: int, silent: bool) -> None:  # noqa: FBT001 - a column of a table
    assert HOLDER.silent(START + timedelta(seconds=seconds)) is silent


def test_a_heartbeat_that_cannot_be_read_is_silence() -> None:
    assert replace(HOLDER, beat_at="").silent(START)


def test_a_living_process_of_ours_is_at_work_however_old_its_heartbeat() -> None:
    assert HOLDER.at_work(OURS, START + timedelta(days=1))


def test_a_pid_that_was_used_again_is_not_at_work() -> None:
    assert not replace(HOLDER, born="0").at_work(OURS, START)


@pytest.mark.parametrize(("seconds", "at_work"), [(60, True), (61, False)])
def test_a_process_elsewhere_is_at_work_while_its_heart_beats(seconds: int, at_work: bool) -> None:  # noqa: FBT001
    other = replace(HOLDER, boot="boot-2", pid=1, born="0")
    assert other.at_work(OURS, START + timedelta(seconds=seconds)) is at_work


def test_those_who_only_look_see_who_is_at_work(tmp_path: Path) -> None:
    with holding(tmp_path / "lock") as process:
        holder = current_holder(tmp_path / "lock", here(), START)
        assert holder is not None
        assert holder.pid == process.pid


def test_those_who_only_look_see_nobody_after_a_kill(tmp_path: Path) -> None:
    with holding(tmp_path / "lock") as process:
        kill(process)
        assert read_holder(tmp_path / "lock") is not None
        assert current_holder(tmp_path / "lock", here(), START) is None
