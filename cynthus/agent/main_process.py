"""main.py and every process it started, as one thing that is watched and ended."""

from __future__ import annotations

import os
import signal
import time
from typing import Protocol

from cynthus import process
from cynthus.agent import processes
from cynthus.agent.record import Ended

UNKNOWN = "exit status unknown: the supervisor of the run was killed"
REBOOTED = "the machine was started again"
_PATIENCE = 10.0
"""Seconds for the kernel to end what was killed; longer than that, it hangs in a driver or a file system."""


class Main(Protocol):
    """What a supervisor watches."""

    def poll(self) -> Ended | None:
        """How it ended, or None as long as it runs."""

    def end(self, grace: float) -> None:
        """End it with everything it started: asked to, then after `grace` seconds made to."""

    def clear(self, grace: float) -> None:
        """After its end, end what it left behind in the same way."""

    def forget(self) -> None:
        """Its end is on record: nothing that tells of it is needed any more."""


class MainProcess:
    """A plain process of this machine. `ours`: our own child, whose exit status we get. `pid` 0: nobody knows it."""

    def __init__(self, pid: int, born: str, label: str, *, ours: bool) -> None:
        self._pid = pid
        self._born = born
        self._label = label
        self._ours = ours
        self._ended: Ended | None = None

    def poll(self) -> Ended | None:
        status = processes.reap().get(self._pid)
        if status is not None:
            self._ended = Ended(*processes.outcome(status), "")
        elif not self._ours and self._gone():
            self._ended = Ended(None, None, UNKNOWN)
        return self._ended

    def end(self, grace: float) -> None:
        deadline, pause, told = time.monotonic() + grace, 0.01, set[int]()
        while living := self._living():
            now = time.monotonic()
            if now >= deadline + _PATIENCE:
                return
            if now >= deadline:
                processes.send(living, signal.SIGKILL)
            else:
                processes.send(living - told, signal.SIGTERM)
                # One that is stopped (Ctrl-Z, a debugger) hears nothing before it goes on.
                processes.send(living - told, signal.SIGCONT)
                told |= living
            time.sleep(min(pause, max(deadline - now, 0.01)))
            pause = min(pause * 1.5, 0.25)

    def clear(self, grace: float) -> None:
        self.end(grace)

    def forget(self) -> None:
        """The kernel has forgotten it already."""

    def _living(self) -> set[int]:
        ended = self.poll() is not None
        root = os.getpid() if self._ours else self._pid
        # Below no pid at all are all the processes of the machine.
        found = processes.marked(self._label) | (processes.descendants(root) if root else set())
        return (found if ended or not self._pid else found | {self._pid}) - {os.getpid()}

    def _gone(self) -> bool:
        """Its pid may be lost; the mark that its processes carry is not."""
        return not (process.alive(self._pid, self._born) if self._pid else processes.marked(self._label))
