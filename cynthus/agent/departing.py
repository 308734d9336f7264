"""The process that deletes its own machine, once a run has ended there, all is saved and nobody has used it for some
time. Killing it harms nothing: whoever looks next puts a new one in its place, and the cloud's own clock runs, too."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.agent import backlog, beat, clock, departure, instance, lock, standing, sync, usage
from cynthus.agent.bucket import Stopped
from cynthus.agent.gcs_token import Tokens
from cynthus.agent.home import Home
from cynthus.agent.instance import Refused
from cynthus.agent.standing import GIVEN_UP, SAVED, SENDING
from cynthus.agent.status import departure_of
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.departure import Order

_SHARE, _OFTEN, _SELDOM = 20, 0.2, 10.0
"""Looks in the time for which it waits, and seconds between two of them."""
_LOOK = 0.1
"""Seconds between two looks for the end of all this."""
_FIRST, _LONGEST = 1.0, 600.0
"""Seconds of the first and the longest pause between two tries."""


def watch(home: Home) -> None:
    """Wait for the moment and delete the machine, unless it is to stay, or its deployment is about to be removed. One
    process a home does so."""
    if lock.acquire(home.departure_lock, wait=False) is None:
        return
    # Now, for the program may be replaced before the moment comes.
    from cynthus.agent import gcs_bucket  # noqa: F401 - `sync` takes it from here

    if not home.used.exists():
        # From now on who uses the machine says so.
        home.used.touch()
    departing = Departing(home, os.environ)
    while departing.wanted() and (attempt := departure.newest(home)) and (order := departure.read(attempt)):
        with suppress(OSError, Stopped):  # a full disk, a record that is just being removed: the next look
            departing.look(attempt, order)
        until = time.monotonic() + min(max(order.linger / _SHARE, _OFTEN), _SELDOM)
        while departing.wanted() and time.monotonic() < until:
            time.sleep(_LOOK)


class Departing:
    """What one process knows of it."""

    def __init__(
        self, home: Home, environment: Mapping[str, str], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._home = home
        self._now = now
        self._environment = environment
        self._tokens: tuple[str, Tokens] = "", Tokens("")
        self._pause = _FIRST
        self._not_before = 0.0

    def wanted(self) -> bool:
        """Whether the deployment is there, and to stay there as long as the machine is."""
        return self._home.folder.is_dir() and not self._home.leaving.exists()

    def look(self, attempt: Attempt, order: Order) -> None:
        """Look once, and delete the machine if it is time; `attempt` is the newest, whose status tells of it.

        Raises:
            OSError: something cannot be read or written down.
            Stopped: the deployment is about to be removed.
        """
        homes = _homes(self._home)
        if usage.now(homes, self._environment):
            os.utime(self._home.used)
            self._pause, self._not_before = _FIRST, 0.0
            _tell(attempt)
            return
        unsaved = self._unsaved(homes)
        if unsaved:
            _tell(attempt, problem=unsaved)
            return
        due = usage.last(homes) + order.linger
        if time.time() < due:
            _tell(attempt, at=due)
        elif self._now() < self._not_before:
            _refresh(attempt)
        else:
            self._depart(homes, attempt, order)

    def _unsaved(self, homes: list[Home]) -> str:
        """What keeps the machine here, in a few words; '' where all is in its bucket."""
        for each in filter(departure.begun, usage.attempts(homes)):
            known = standing.read(each)
            state = known.state if known else None
            if state == SENDING:
                beat.keep(each.run_folder, each)
                return f"run {each.run} is not saved yet"
            if state != SAVED:
                why = "was given up" if state == GIVEN_UP else "is saved nowhere"
                return f"what run {each.run} wrote {why}"
        return ""

    def _depart(self, homes: list[Home], attempt: Attempt, order: Order) -> None:
        _tell(attempt, at=time.time(), reason=f"departed: saved, and idle for {_words(order.linger)}")
        # The bucket hears of it first, and of what somebody changed after the end.
        all_there = all(self._saved(each) for each in _to_save(homes, attempt))
        if not all_there or usage.now(homes, self._environment):
            return
        problem = self._asked(order)
        self._not_before = self._now() + (self._pause if problem else _LONGEST)
        if problem:
            self._pause = min(2 * self._pause, _LONGEST)
            _tell(attempt, problem=problem)
            self._saved(attempt)

    def _asked(self, order: Order) -> str:
        """Ask to be deleted; gives why not."""
        if self._tokens[0] != order.server:
            self._tokens = order.server, Tokens(order.server)
        try:
            instance.delete(order.server, order.compute, self._tokens[1])
        except Refused as error:
            return str(error)
        return ""

    def _saved(self, attempt: Attempt) -> bool:
        """Send what has changed since it was saved, with its status; whether all is there then."""
        known, descriptor = standing.read(attempt), lock.acquire(attempt.sync_lock, wait=False)
        if known is None or descriptor is None:
            return False
        try:
            told = sync.Sender(attempt, known, self.wanted).turn(ended=True, quiet=True)
            # Where that was not all, it is not saved any more, and goes on in the usual way.
            standing.write(attempt, told)
        finally:
            os.close(descriptor)
        return told.state == SAVED


def _homes(home: Home) -> list[Home]:
    """All deployments of this machine: it is not one of them alone that it would be taken from."""
    beside = (Home(each, each.name) for each in home.folder.parent.iterdir() if each != home.folder)
    return [home, *(each for each in beside if each.marker.exists())]


def _to_save(homes: list[Home], newest: Attempt) -> list[Attempt]:
    """The newest attempt, and the last one of each run into whose outputs somebody wrote after it had ended."""
    last = [attempts[-1] for home in homes for run in home.runs() if (attempts := run.attempts())]
    return [newest, *(each for each in last if each != newest and _changed_since(each))]


def _changed_since(attempt: Attempt) -> bool:
    if not attempt.exit.exists():
        return False
    ended = attempt.exit.stat().st_ctime_ns
    return any(found.st_ctime_ns > ended for _, found in backlog.files(attempt.run_folder.outputs))


def _tell(attempt: Attempt, *, at: float | None = None, reason: str = "", problem: str = "") -> None:
    """Write down how it stands; `at` is when the machine is deleted, if nobody uses it."""
    told = {"at": None if at is None else clock.stamp(at), "reason": reason, "problem": problem}
    if departure_of(attempt) != told:
        write_json(attempt.departing, told, durable=False)
    _refresh(attempt)


def _refresh(attempt: Attempt) -> None:
    """The last status.json of a run that is saved is nobody else's to write."""
    if lock.held(attempt.agent_lock):
        return
    with suppress(ValueError):
        told, document = departure_of(attempt), read_json(attempt.status)
        if document is not None and document.get("state") == "EXITED" and document.get("departure") != told:
            write_json(attempt.status, {**document, "departure": told}, durable=False)


def _words(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 and seconds % 60 == 0 else f"{seconds:g} s"
