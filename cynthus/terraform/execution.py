"""One Terraform process, from its start to its end, whatever happens to us meanwhile."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.process import Command, ended, kill_group, let_go, start
from cynthus.terraform.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.terraform.client import Activity
    from cynthus.terraform.logs import Log

STOPPING = "stopping: waiting for Terraform to save its state"

FIRST_PAUSE = 0.003
LONGEST_PAUSE = 0.1


class Patience(Struct, frozen=True):
    """How long to wait, in seconds: `timeout` until Terraform is asked to stop, then ten times `grace` for its end."""

    timeout: float = 3600
    grace: float = 60


class Ended(Struct, frozen=True):
    """How it ended. `returncode` is None where it still runs: it was asked to stop, did not, and was left alone."""

    returncode: int | None
    pid: int
    interrupted: bool = False
    timed_out: bool = False
    killed: bool = False


class Execution:
    """Runs one command in a session of its own.

    Its output goes to files, so that it goes on and saves its state even if this process is killed. It gets at most one
    SIGINT: a second one means "exit immediately" and costs the state.
    """

    def __init__(
        self,
        command: Command,
        log: Log,
        *,
        listen: Callable[[bytes], None],
        activity: Activity,
        patience: Patience,
        may_kill: Callable[[], bool],
    ) -> None:
        self._command = command
        self._log = log
        self._listen = listen
        self._activity = activity
        self._patience = patience
        self._may_kill = may_kill
        self._interrupts = self._told = 0
        self._timed_out = self._killed = False
        self._asked_at: float | None = None

    def start(self) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started, or its output cannot be kept.
        """
        with open(self._log.stdout, "wb") as stdout, open(self._log.stderr, "wb") as stderr:
            self._process = start(self._command, stdout=stdout, stderr=stderr)
        self._deadline = time.monotonic() + self._patience.timeout

    def wait(self) -> Ended:
        """Wait for its end; every line of its output goes to `listen`. What a listener raises is raised after that."""
        with open(self._log.stdout, "rb") as stream:
            self._attend(Tail(stream))
        interrupted = self._interrupts > 0
        return Ended(self._process.returncode, self._process.pid, interrupted, self._timed_out, self._killed)

    def _attend(self, tail: Tail) -> None:
        try:
            self._wait(tail)
        except BaseException:
            # Whoever listens has failed (a closed terminal, say). Terraform must not be left alone for that.
            self._listen = self._activity = _nobody
            self._interrupts += 1
            self._wait(tail)
            raise

    def _wait(self, tail: Tail) -> None:
        while True:
            try:
                return self._follow(tail)
            except KeyboardInterrupt:
                self._interrupts += 1

    def _follow(self, tail: Tail) -> None:
        pause = FIRST_PAUSE
        while not ended(self._process) and not self._given_up():
            self._heed()
            self._hear(tail)
            time.sleep(pause)
            pause = min(pause * 1.2, LONGEST_PAUSE)
        self._hear(tail)
        if rest := tail.rest():
            self._listen(rest)

    def _hear(self, tail: Tail) -> None:
        for line in tail.lines():
            self._listen(line)

    def _heed(self) -> None:
        """Pass a wish to stop on, once, and say so each time."""
        now = time.monotonic()
        if now >= self._deadline and not (self._timed_out or self._interrupts):
            self._timed_out = True
        wishes = self._interrupts + self._timed_out
        if wishes and self._asked_at is None:
            # Noted first: an interrupt between these two lines may cost the signal, but can never send it twice.
            self._asked_at = now
            self._process.send_signal(signal.SIGINT)
        if self._told < wishes:
            self._told = wishes
            self._activity(STOPPING)

    def _given_up(self) -> bool:
        """Whether all patience is spent. A Terraform whose state is here is then killed, any other is left alone."""
        if self._asked_at is None or time.monotonic() < self._asked_at + 10 * self._patience.grace:
            return False
        if self._may_kill():
            kill_group(self._process.pid)
            while not ended(self._process):
                time.sleep(FIRST_PAUSE)
            self._killed = True
        else:
            let_go(self._process)
        return True


def _nobody(_: object) -> None:
    """Takes the place of a listener that failed."""
