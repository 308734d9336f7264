"""Whether a run does anything at all. Only one with `limits.idle` is looked at."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.agent import backlog, clock, phase, processes
from cynthus.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.record import Record

_LITTLE = 0.01
"""Of one processor: what waits in a loop uses less."""
_OFTEN, _SELDOM = 0.2, 10.0
"""Seconds between two looks, by how long the limit is."""
_TOLD = 60.0
"""Seconds of idling from which `status` says so; less where the limit is less."""
_SHARE = 50
"""Looking at the files may cost that part of the time."""


class Idle:
    """Looks at an attempt now and then. What is not known counts as work: no run ends because a driver is silent."""

    def __init__(self, attempt: Attempt, known: Record, *, now: Callable[[], float] = time.monotonic) -> None:
        assert known.idle is not None  # noqa: S101 - the caller has looked
        self._attempt = attempt
        self._known = known
        self._limit = known.idle
        self._now = now
        self._since = self._looked = now()
        self._due = self._files_due = 0.0
        self._used = _processor_seconds(attempt, known)
        self._log = self._files = (0, 0, 0)
        self._told = False

    def reason(self) -> str:
        """Why it should end; '' as long as it need not. Costs nothing most of the time."""
        now = self._now()
        if now < self._due:
            return ""
        self._due = now + min(max(self._limit / 20, _OFTEN), _SELDOM)
        if self._works(now):
            self._since = now
        quiet = now - self._since
        self._tell(told=quiet >= min(_TOLD, self._limit / 2), quiet=quiet)
        return f"idle for {_words(self._limit)}: it computed and wrote nothing" if quiet >= self._limit else ""

    def _works(self, now: float) -> bool:
        used, log = _processor_seconds(self._attempt, self._known), _mark(self._attempt.log)
        # Less than before: one that had used some has ended.
        busy = used < self._used or used - self._used >= _LITTLE * (now - self._looked)
        busy, self._used, self._looked = busy or log != self._log, used, now
        self._log = log
        # It has its turn when another run's data is prepared, however long that takes.
        waits = phase.read(self._attempt).name == phase.WAITING
        return busy or waits or self._gpu_works() or self._wrote(now)

    def _gpu_works(self) -> bool:
        if not self._known.gpus:
            return False
        from cynthus.agent import gpus, leases

        ours = leases.of(self._attempt)
        used = [each["util"] for each in gpus.read() if each["index"] in ours]
        return not ours or len(used) < len(ours) or any(each != 0 for each in used)

    def _wrote(self, now: float) -> bool:
        """The last question, for it is the dearest."""
        if now < self._files_due and now - self._since < self._limit:
            return False
        count, size, newest = 0, 0, 0
        for folder in (self._attempt.run_folder.outputs, self._attempt.home.checkpoints, *self._prepares()):
            for _, found in backlog.files(folder):
                count, size, newest = count + 1, size + found.st_size, max(newest, found.st_mtime_ns)
        before, self._files = self._files, (count, size, newest)
        self._files_due = self._now() + _SHARE * (self._now() - now)
        return self._files != before

    def _prepares(self) -> list[Path]:
        """Where the run writes before main.py begins."""
        if phase.read(self._attempt).name != phase.PREPARING:
            return []
        from cynthus.agent import prepared  # few runs prepare anything
        from cynthus.agent.failure import Failure

        with suppress(Failure):
            name = prepared.named(self._attempt.run_folder)
            return [prepared.Prepared(self._attempt.home.prepared / name).part] if name else []
        return []

    def _tell(self, *, told: bool, quiet: float) -> None:
        if told != self._told:
            self._told = told
            with suppress(OSError):
                if told:
                    write_json(self._attempt.idle, {"since": clock.stamp(time.time() - quiet)}, durable=False)
                else:
                    self._attempt.idle.unlink(missing_ok=True)


def _processor_seconds(attempt: Attempt, known: Record) -> float:
    """What all living processes of the attempt have used, with their children that have ended."""
    pids = processes.descendants(known.pid) | {known.pid} if known.pid else set()
    return sum(processes.seconds(pid) for pid in pids | processes.marked(attempt.label))


def _mark(file: os.PathLike[str]) -> tuple[int, int, int]:
    try:
        found = os.stat(file)  # noqa: PTH116 - of a path that is one
    except OSError:
        return 0, 0, 0
    return found.st_size, found.st_mtime_ns, found.st_ino


def _words(seconds: float) -> str:
    """As people say it: 30 min, 90 s."""
    whole = int(seconds)
    for unit, name in ((3600, "h"), (60, "min")):
        if whole >= unit and whole % unit == 0:
            return f"{whole // unit} {name}"
    return f"{seconds:g} s"
