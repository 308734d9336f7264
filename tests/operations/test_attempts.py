"""The log of a run that went on as another attempt, on another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.clock import parse_stamp
from cynthus.core.run import RunState
from cynthus.errors import PullFailed, RunLost
from cynthus.operations.boundary import beginning_of
from cynthus.operations.log_home import fetch_log, is_whole, log_grew
from cynthus.operations.pull import pull
from cynthus.operations.saved import readers
from cynthus.operations.watch import Watch
from tests.operations.host import RUN, run_in
from tests.operations.machines import TAKEN_AT, WHY, Acting, Machines

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.run import Run

WHEN = f"{parse_stamp(TAKEN_AT).astimezone():%H:%M:%S on %Y-%m-%d}"
SECOND = f"attempt 2 begins here: {WHY} at {WHEN}"


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    return Machines(tmp_path)


@pytest.fixture
def several(tmp_path: Path) -> Machines:
    return Machines(tmp_path, nodes=2)


def fetched(machines: Machines) -> str:
    """The log comes home from who tells of the run; gives what of it does not."""
    return fetch_log(machines.site, machines.run, readers(machines.tools, machines.site, machines.run)[0])


def home(machines: Machines, attempt: int = 1) -> bytes:
    return machines.site.paths.log(RUN.id, 0, attempt).read_bytes()


# `cynthus logs`


def test_all_attempts_are_shown_one_after_the_other(machines: Machines) -> None:
    machines.prints(b"1\n2\n")
    machines.next()
    machines.prints(b"2\n3\n")
    assert machines.shown() == b"1\n2\n[again] 2\n3\n"


def test_where_an_attempt_begins_is_told_beside_the_log(machines: Machines) -> None:
    machines.prints(b"1\n")
    machines.next()
    machines.shown()
    assert machines.notes == [SECOND]


def test_a_reason_of_the_agents_is_told_without_its_word() -> None:
    run = run_in(RunState.RUNNING).moved(RunState.PREEMPTED, at=TAKEN_AT, reason="preempted: the cloud wants it")
    assert beginning_of(run, 2) == f"attempt 2 begins here: the cloud wants it at {WHEN}"
    assert beginning_of(run, 3) == "attempt 3 begins here"


def test_what_is_cut_off_in_a_line_is_told(machines: Machines) -> None:
    machines.prints(b"1\n234")
    machines.next(saved=3)
    machines.prints(b"234\n")
    assert machines.shown() == b"1\n2 [cut off]\n234\n"


def test_the_log_at_home_is_shown_where_more_of_it_came_than_was_saved(machines: Machines) -> None:
    machines.prints(b"1\n2\n")
    fetched(machines)
    machines.next(saved=2)
    assert machines.shown() == b"1\n2\n"


def test_without_a_bucket_what_is_at_home_is_shown(machines: Machines) -> None:
    machines.prints(b"1\n")
    machines.next()
    fetched(machines)
    machines.bucket.rename(machines.place / "elsewhere")
    machines.prints(b"2\n")
    assert (machines.shown(), machines.workshop.progress.warnings) == (b"1\n2\n", [])


def test_while_no_machine_stands_what_was_saved_is_shown(machines: Machines) -> None:
    machines.prints(b"1\n")
    machines.saves()
    machines.taken_back()
    assert machines.shown() == b"1\n"


@pytest.mark.parametrize(
    ("tail", "shown"),
    [(0, b""), (1, b"4\n"), (2, b"[again] 3\n4\n"), (3, b"3\n[again] 3\n4\n"), (4, b"2\n3\n[again] 3\n4\n"),
     (99, b"1\n2\n3\n[again] 3\n4\n")],
)  # fmt: skip
def test_the_tail_is_that_of_all_attempts(machines: Machines, tail: int, shown: bytes) -> None:
    machines.prints(b"1\n2\n3\n")
    machines.next()
    machines.prints(b"3\n4\n")
    assert machines.shown(tail) == shown


@pytest.mark.parametrize(("tail", "told"), [(1, []), (2, [SECOND])])
def test_a_beginning_that_is_not_shown_is_not_told(machines: Machines, tail: int, told: list[str]) -> None:
    machines.prints(b"1\n")
    machines.next()
    machines.prints(b"2\n")
    machines.shown(tail)
    assert machines.notes == told


def test_of_several_hosts_each_marks_its_own_lines_after_its_name(several: Machines) -> None:
    several.prints(b"a\n", 0)
    several.prints(b"b\n", 1)
    several.next()
    several.prints(b"a\nb\n", 0)
    several.prints(b"b\n", 1)
    assert several.shown() == (
        b"[host-0] a\n[host-1] b\n[host-0] [again] a\n[host-0] b\n[host-1] [again] b\n"
    )


# What comes home


def test_each_attempt_has_a_copy_of_its_own(machines: Machines) -> None:
    machines.prints(b"1\n")
    machines.next()
    machines.prints(b"2\n")
    fetched(machines)
    assert (home(machines), home(machines, 2)) == (b"1\n", b"2\n")


def test_an_ended_attempt_is_read_once(machines: Machines) -> None:
    machines.prints(b"1\n")
    machines.next()
    fetched(machines)
    machines.bucket.rename(machines.place / "elsewhere")
    assert fetched(machines) == ""


def test_what_is_at_home_is_not_shortened_to_what_was_saved(machines: Machines) -> None:
    machines.prints(b"1\n2\n")
    fetched(machines)
    machines.next(saved=2)
    fetched(machines)
    assert home(machines) == b"1\n2\n"


def test_what_was_saved_beyond_the_copy_is_added_to_it(machines: Machines) -> None:
    machines.prints(b"1\n")
    fetched(machines)
    machines.prints(b"2\n")
    machines.next()
    fetched(machines)
    assert home(machines) == b"1\n2\n"


def test_an_earlier_attempt_on_the_same_host_comes_from_there(machines: Machines) -> None:
    machines.prints(b"1\n")
    machines.record(replace(machines.run, attempt=2))
    fetched(machines)
    assert (home(machines), is_whole(machines.site, machines.run, 0, 1)) == (b"1\n", True)


def test_while_the_next_machine_has_not_begun_more_may_be_saved(machines: Machines) -> None:
    machines.prints(b"1\n2\n")
    machines.saves(2)
    run = machines.run.moved(RunState.PREEMPTED, at=TAKEN_AT, reason=WHY)
    waiting = replace(run.moved(RunState.QUEUED, at=TAKEN_AT, reason="again"), attempt=2)
    machines.saves(2)
    machines.deleted()
    machines.record(waiting)
    fetched(machines)
    assert (home(machines), is_whole(machines.site, waiting, 0, 1)) == (b"1\n", False)


def test_a_copy_that_was_removed_by_hand_comes_again(machines: Machines) -> None:
    machines.prints(b"1\n")
    machines.next()
    fetched(machines)
    machines.site.paths.log(RUN.id).unlink()
    fetched(machines)
    assert home(machines) == b"1\n"


def test_a_log_that_cannot_be_had_leaves_a_run_that_is_not_at_home(machines: Machines) -> None:
    machines.prints(b"1\n")
    machines.next()
    machines.prints(b"2\n")
    machines.ends()
    machines.record(run_ended(machines.run))
    machines.bucket.rename(machines.place / "elsewhere")
    with pytest.raises(PullFailed, match="the log of attempt 1 at run"):
        pull(machines.tools, str(machines.folder))
    assert (machines.run.pulled, home(machines, 2)) == (False, b"2\n")


def run_ended(run: Run) -> Run:
    return replace(run.moved(RunState.SUCCEEDED, at=TAKEN_AT, reason="exit code 0"), exit_code=0)


def test_an_earlier_attempt_is_something_to_bring_until_it_is_at_home(machines: Machines) -> None:
    machines.prints(b"1\n")
    run = machines.next()
    agent = readers(machines.tools, machines.site, run)[0]
    assert log_grew(machines.site, run, agent)
    fetched(machines)
    assert not log_grew(machines.site, run, agent)


def test_pull_watch_goes_on_with_the_next_machine(machines: Machines) -> None:
    early: list[bytes] = []

    def taken() -> None:
        machines.prints(b"2\n")
        machines.next()
        machines.prints(b"3\n")

    machines.prints(b"1\n")
    waits = [lambda: None] * 20
    clock = Acting([taken, *waits, lambda: early.extend((home(machines), home(machines, 2))), machines.ends])
    Watch(replace(machines.tools, clock=clock), machines.site, machines.run).to_the_end()
    assert (early, machines.run.pulled) == ([b"1\n2\n", b"3\n"], True)


def test_pull_watch_ends_where_the_machine_was_taken_back(machines: Machines) -> None:
    def taken() -> None:
        machines.saves()
        machines.taken_back()

    machines.prints(b"1\n")
    watch = Watch(replace(machines.tools, clock=Acting([taken])), machines.site, machines.run)
    watch.to_the_end()
    assert (home(machines), machines.run.state, machines.run.pulled) == (b"1\n", RunState.PREEMPTED, False)


# Following


def test_a_follower_sees_what_was_saved_before_the_machine_was_taken_back(machines: Machines) -> None:
    def taken() -> None:
        machines.prints(b"2\n")
        machines.saves()
        machines.taken_back()

    got = bytearray()
    machines.prints(b"1\n")
    run = machines.attendance(taken).watch(got.extend)
    assert (run.state, bytes(got)) == (RunState.PREEMPTED, b"1\n2\n")


def test_the_next_attempt_goes_on_and_marks_what_was_shown(machines: Machines) -> None:
    got = bytearray()
    machines.prints(b"1\n2\n3")
    machines.saves(2)
    attendance = machines.attendance(machines.taken_back)
    attendance.watch(got.extend)
    attendance = attendance.next_attempt(machines.site, machines.again())
    machines.prints(b"2\n3\n")
    machines.ends()
    attendance.watch(got.extend)
    # The second line was shown and never saved.
    assert bytes(got) == b"1\n2\n3 [cut off]\n[again] 2\n3\n"
    assert machines.notes == [SECOND]


def test_where_the_machine_vanishes_the_next_attempt_shows_what_it_had_saved(machines: Machines) -> None:
    def vanishes() -> None:
        machines.prints(b"2\n3\n")
        machines.saves(4)
        machines.deleted()

    got = bytearray()
    machines.prints(b"1\n")
    attendance = machines.attendance(vanishes)
    with pytest.raises(RunLost):
        attendance.watch(got.extend)
    machines.record(machines.run.moved(RunState.PREEMPTED, at=TAKEN_AT, reason=WHY))
    attendance = attendance.next_attempt(machines.site, machines.again())
    machines.prints(b"2\n3\n")
    machines.ends()
    attendance.watch(got.extend)
    assert bytes(got) == b"1\n2\n[again] 2\n3\n"


def test_of_attempts_that_nobody_followed_all_is_shown(machines: Machines) -> None:
    got = bytearray()
    machines.prints(b"1\n")
    attendance = machines.attendance(machines.next)
    machines.prints(b"2\n")
    assert attendance.watch(got.extend).state is RunState.PREEMPTED
    machines.prints(b"2\n3\n")
    machines.next()
    machines.ends()
    attendance.next_attempt(machines.site, machines.run).watch(got.extend)
    assert bytes(got) == b"1\n2\n[again] 2\n3\n"
    assert [note.partition(":")[0] for note in machines.notes] == ["attempt 2 begins here", "attempt 3 begins here"]


def test_the_record_of_a_later_attempt_is_left_alone_by_who_followed_an_earlier_one(machines: Machines) -> None:
    attendance = machines.attendance(machines.next)
    attendance.watch(lambda _: None)
    later = machines.run
    attendance.finish()
    assert machines.run == later


def test_several_hosts_end_a_line_that_was_cut_off_once(several: Machines) -> None:
    got = bytearray()
    several.prints(b"a\nb", 0)
    attendance = several.attendance(several.taken_back)
    attendance.watch(got.extend)
    attendance = attendance.next_attempt(several.site, several.again())
    several.prints(b"a\nb\n", 0)
    several.ends()
    attendance.watch(got.extend)
    assert bytes(got) == b"[host-0] a\n[host-0] b [cut off]\n[host-0] [again] a\n[host-0] b\n"


def test_what_logs_has_shown_counts_for_who_follows_on(machines: Machines) -> None:
    from cynthus.operations.logs import logs

    got = bytearray()
    machines.prints(b"1\n2\n")
    machines.next()
    machines.prints(b"1\n")
    attendance = logs(machines.tools, str(machines.folder), got.extend)
    machines.prints(b"2\n3")
    machines.ends()
    attendance.watch(got.extend)
    assert bytes(got) == b"1\n2\n[again] 1\n[again] 2\n3"


def test_who_begins_at_the_tail_sees_the_marks_of_what_is_left_out(machines: Machines) -> None:
    got = bytearray()
    machines.prints(b"1\n2\n")
    machines.next()
    machines.prints(b"1\n2\n2\n")
    machines.ends()
    attendance = machines.attendance()
    assert attendance.begin_at_tail(2)
    attendance.watch(got.extend)
    assert bytes(got) == b"[again] 2\n2\n"


def test_a_beginning_without_an_end_is_shown_after_a_while(machines: Machines) -> None:
    got = bytearray()
    machines.prints(b"1\n")
    machines.next()
    machines.prints(b"10 %\r")
    seen: list[bytes] = []
    looks = [lambda: seen.append(bytes(got))] * 5
    attendance = machines.attendance(*looks, machines.ends)
    attendance.begin_at_tail(10)
    attendance.watch(got.extend)
    assert (seen[0], seen[-1]) == (b"", b"10 %\r")


def test_a_run_without_a_record_is_found_with_its_newest_attempt(machines: Machines) -> None:
    machines.prints(b"1\n")
    machines.next()
    machines.prints(b"2\n")
    (machines.site.paths.runs / RUN.id / "run.json").unlink()
    assert machines.shown() == b"1\n2\n"
