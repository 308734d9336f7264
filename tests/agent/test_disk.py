from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent.disk import Guard, Room, fullest
from tests.agent.host import Host, until
from tests.state.disks import mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GIB = 1 << 30
FILLS = """\
import os, time
with open("outputs/good", "w") as stream:
    stream.write("saved before")
with open("outputs/filler", "wb", buffering=0) as stream:
    block = os.urandom(1 << 20)
    while os.statvfs(".").f_bavail * os.statvfs(".").f_frsize > {leave}:
        stream.write(block)
print("filled", flush=True)
"""
EMPTIES = "os.truncate('outputs/filler', 0)\nprint('emptied', flush=True)\n"
WAITS = "while not os.path.exists('outputs/go'):\n    time.sleep(0.05)\n"


@pytest.fixture
def small(tmp_path: Path, program: Path) -> Iterator[Host]:
    """A host with a disk of 200 MB of its own."""
    with mounted(tmp_path / "disk", "size=200m") as disk:
        made = Host(disk / "host", program, os.environ)
        yield made
        made.ask("remove")


def room(free: float, total: float = 100) -> Room:
    return Room(int(free * GIB), int(total * GIB), "/a disk")


@pytest.fixture
def guard(host: Host) -> Guard:
    return Guard(host.attempt)


@pytest.mark.parametrize(("free", "total"), [(6, 100), (5.1, 2000), (1, 10), (30, 500)])
def test_of_enough_room_nothing_is_said(guard: Guard, free: float, total: float) -> None:
    assert guard.judge(room(free, total)).warning == ""


@pytest.mark.parametrize(("free", "total"), [(4.9, 100), (4.9, 2000), (0.4, 10), (0.07, 100)])
def test_little_room_is_told_with_its_place(guard: Guard, free: float, total: float) -> None:
    assert guard.judge(room(free, total)).warning == "little room is left on the disk of the host (below /a disk)"


def test_a_disk_without_room_for_our_own_records_is_full(guard: Guard) -> None:
    assert "is full (below /a disk)" in guard.judge(room(0.05)).warning


def test_a_small_disk_is_not_full_because_it_is_small(guard: Guard) -> None:
    assert guard.judge(Room(50 << 20, 60 << 20, "/x")).warning == ""


def test_a_file_that_comes_and_goes_is_told_once(guard: Guard) -> None:
    told = [guard.judge(room(free)).warning != "" for free in (5.5, 4.9, 5.1, 4.9, 6.0, 6.3, 5.1)]
    assert told == [False, True, True, True, True, False, False]


def test_what_gets_worse_is_told_in_other_words(guard: Guard) -> None:
    assert len({guard.judge(room(free)).warning for free in (9, 4, 0.01)}) == 3


def test_a_place_that_is_not_there_does_not_count(tmp_path: Path) -> None:
    assert fullest([tmp_path / "nothing"]) is None
    found = fullest([tmp_path / "nothing", tmp_path])
    assert found is not None
    assert (found.place, 0 < found.free <= found.total) == (str(tmp_path), True)


def test_a_disk_that_fills_up_is_told_and_the_run_goes_on(small: Host) -> None:
    small.begin(FILLS.format(leave=6_000_000) + WAITS)
    small.prints("filled")
    until(lambda: small.told()["warning"].startswith("little room"))
    assert small.told()["disk_free_bytes"] < 10_000_000
    (small.run.outputs / "go").touch()
    ended = small.ended()
    assert (ended["exit_code"], ended["reason"], ended["warning"]) == (0, "", "")


def test_room_that_was_made_is_told(small: Host) -> None:
    small.begin(FILLS.format(leave=6_000_000) + WAITS + EMPTIES + "time.sleep(600)\n")
    until(lambda: small.told()["warning"])
    (small.run.outputs / "go").touch()
    until(lambda: not small.told()["warning"])
    assert small.told()["state"] == "RUNNING"


def test_a_run_that_failed_on_a_full_disk_says_so_and_keeps_what_was_saved(small: Host) -> None:
    ended = small.end(FILLS.format(leave=-1))
    assert ended["reason"].startswith("the disk of the host is full (below ")
    assert ended["reason"].endswith("main.py ended with exit code 1")
    assert (small.run.outputs / "good").read_text() == "saved before"


def test_a_run_that_succeeded_on_a_full_disk_has_succeeded(small: Host) -> None:
    ended = small.end(FILLS.format(leave=1 << 20))
    assert (ended["exit_code"], ended["reason"]) == (0, "")


def test_another_failure_is_not_blamed_on_the_disk(host: Host) -> None:
    assert host.end("raise SystemExit(1)")["reason"] == ""
