"""Two who drive one host from machines of their own."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.errors import HostUnreachable, Locked
from cynthus.operations.at_work import journal_of
from cynthus.operations.cancel import cancel
from cynthus.operations.down import down
from cynthus.operations.host_lock import LOST, HostLock
from cynthus.operations.pull import pull
from cynthus.operations.site import Site
from cynthus.operations.up import Request, run
from cynthus.operations.update import update
from cynthus.process import birth
from cynthus.state.holder import Place
from tests.operations.test_silence import SLEEPS, Far
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.operations.up import Outcome
    from cynthus.targets.connection import Claim, Hold

THEM = Place("bob", "their-laptop", "another boot")
HOST = Host("host-0", "there", "there", None, 22, 0, ConnectionInfo("ssh"))


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    made = Far(tmp_path)
    yield made
    made.outage.end()
    made.outage.held.clear()
    made.home()


@pytest.fixture
def running(far: Far) -> Outcome:
    return far.up(far.folder(main=SLEEPS))


def site(far: Far) -> Site:
    return Site(far.place, "local", "weather-0a1b2c", "weather", None)


def age(far: Far, seconds: float) -> None:
    """Let whoever holds a lock be silent for so long."""
    far.outage.held = {name: (claim, at - seconds) for name, (claim, at) in far.outage.held.items()}


@pytest.mark.parametrize("verb", ["up", "run", "update", "cancel", "down"])
def test_what_changes_a_host_is_kept_off_it_while_somebody_else_does(far: Far, running: Outcome, verb: str) -> None:
    request = Request(str(running.site.folder), yes=True)
    verbs: dict[str, Callable[[], object]] = {
        "up": lambda: far.up(running.site.folder),
        "run": lambda: run(far.tools, request),
        "update": lambda: update(far.tools, request, source=True, data=True),
        "cancel": lambda: cancel(far.tools, running.site.id),
        "down": lambda: down(far.tools, running.site.id, yes=True),
    }
    with HostLock(far.tools, "update", place=THEM) as theirs:
        theirs.take(running.site)
        with pytest.raises(Locked, match=r'bob@their-laptop has been running "update" here since .* \(pid \d+\)'):
            verbs[verb]()


def test_to_bring_outputs_home_nobody_is_waited_for(far: Far, running: Outcome) -> None:
    with HostLock(far.tools, "update", place=THEM) as theirs:
        theirs.take(running.site)
        assert pull(far.tools, running.site.id).run.id == running.run.id


def test_a_host_is_free_when_a_command_has_ended(far: Far, running: Outcome) -> None:
    assert running.ending == "started"
    assert far.outage.held == {}


def test_the_host_is_named(far: Far) -> None:
    with HostLock(far.tools, "up", place=THEM) as theirs:
        theirs.take(site(far), [HOST])
        with HostLock(far.tools, "up") as ours, pytest.raises(Locked, match=r"^host-0 \(there\): bob@"):
            ours.take(site(far), [HOST])


def test_who_was_not_heard_of_for_a_minute_still_has_it(far: Far) -> None:
    with HostLock(far.tools, "up", place=THEM) as theirs:
        theirs.take(site(far), [HOST])
        age(far, LOST - 5)
        with HostLock(far.tools, "up") as ours, pytest.raises(Locked, match=r"last heard of 11\d s ago"):
            ours.take(site(far), [HOST])


def test_who_was_not_heard_of_for_two_minutes_has_lost_it(far: Far) -> None:
    with HostLock(far.tools, "up", place=THEM) as theirs:
        theirs.take(site(far), [HOST])
        age(far, LOST)
        with HostLock(far.tools, "up") as ours:
            ours.take(site(far), [HOST])
    assert '"up" of bob@their-laptop' in far.progress.notes[-1]


def lose(far: Far, ours: HostLock) -> None:
    """Let somebody else have it."""
    claim = far.outage.held["weather-0a1b2c"][0]
    theirs = replace(claim, token="theirs", holder={**claim.holder, "operation": "down"})
    far.outage.held["weather-0a1b2c"] = theirs, time.monotonic()
    wait_for(lambda: ours._lost is not None, "a heartbeat")


def test_who_lost_it_is_told_before_the_next_step(far: Far) -> None:
    with HostLock(far.tools, "up", beat_every=0.01) as ours:
        ours.take(site(far), [HOST])
        lose(far, ours)
        with pytest.raises(Locked, match=r'meanwhile .* has been running "down"'):
            ours.insist()


def test_who_lost_it_begins_no_step_that_is_noted_in_the_journal(far: Far) -> None:
    with HostLock(far.tools, "up", beat_every=0.01) as ours:
        ours.take(site(far), [HOST])
        journal = journal_of(far.tools, site(far), "up", ours)
        lose(far, ours)
        with pytest.raises(Locked), journal.step("remove"):
            pytest.fail("it was begun")
        assert journal.records() == ()


def test_a_heartbeat_keeps_it(far: Far) -> None:
    with HostLock(far.tools, "up", beat_every=0.01) as ours:
        ours.take(site(far), [HOST])
        taken = far.outage.held["weather-0a1b2c"][1]
        wait_for(lambda: far.outage.held["weather-0a1b2c"][1] > taken, "a heartbeat")
        ours.insist()


def test_a_cut_of_a_few_seconds_loses_nothing(far: Far) -> None:
    with HostLock(far.tools, "up", beat_every=0.01) as ours:
        ours.take(site(far), [HOST])
        far.outage.begin()
        wait_for(lambda: far.outage.questions > 2, "heartbeats that are lost")
        far.outage.end()
        taken = far.outage.held["weather-0a1b2c"][1]
        wait_for(lambda: far.outage.held["weather-0a1b2c"][1] > taken, "a heartbeat")
        ours.insist()


def test_a_process_of_this_machine_that_was_killed_is_not_waited_for(far: Far) -> None:
    with HostLock(far.tools, "up") as killed:
        killed._holder = replace(killed._holder, born="long ago")
        killed.take(site(far), [HOST])
        with HostLock(far.tools, "up") as ours:
            ours.take(site(far), [HOST])
            ours.insist()


def test_a_process_of_this_machine_that_lives_is(far: Far) -> None:
    assert birth(os.getpid())
    with HostLock(far.tools, "up") as theirs:
        theirs.take(site(far), [HOST])
        with HostLock(far.tools, "up") as ours, pytest.raises(Locked):
            ours.take(site(far), [HOST])


def test_what_somebody_else_has_taken_over_is_not_given_back(far: Far) -> None:
    with HostLock(far.tools, "down") as ours:
        with HostLock(far.tools, "up", place=THEM) as theirs:
            theirs.take(site(far), [HOST])
            age(far, LOST)
            ours.take(site(far), [HOST])
        assert list(far.outage.held) == ["weather-0a1b2c"]


def test_a_host_that_cannot_be_asked_is_no_host_that_is_free(far: Far) -> None:
    far.outage.begin()
    with HostLock(far.tools, "up") as ours, pytest.raises(HostUnreachable):
        ours.take(site(far), [HOST])


def test_a_host_without_room_for_a_lock_keeps_nobody_from_working(far: Far) -> None:
    def full(claim: Claim) -> Hold:
        raise OSError(28, "No space left on device")

    far.outage.hold = full  # type: ignore[method-assign]  # a disk that is full
    with HostLock(far.tools, "down") as ours:
        ours.take(site(far), [HOST])
    assert "no space left on device" in far.progress.warnings[-1]
