"""Progress for a pipe or a file: one line when a step starts and one when it ends."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from cynthus.cli.streams import tell
from cynthus.core.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


QUIET = 30.0
"""Seconds of a step without a line."""


class PlainStep:
    """Keeps what came of the step. Of what happens in between it says a line now and then."""

    def __init__(self, say: Callable[[str], None], *, quiet: float = QUIET) -> None:
        self.outcome = ""
        self._now = ""
        self._pace = Pace()
        self._say = say
        self._quiet = quiet
        self._said = time.monotonic()

    def activity(self, text: str) -> None:
        self._now = text
        self._tell()

    def amount(self, done: int, total: int) -> None:
        self._pace.note(time.monotonic(), done, total)
        self._tell()

    def _tell(self) -> None:
        if time.monotonic() - self._said >= self._quiet:
            self._said = time.monotonic()
            self._say("  ".join(filter(None, (self._now, self._pace.words(self._said)))))

    def result(self, text: str) -> None:
        self.outcome = text


class PlainProgress:
    """Lines without colour or movement."""

    def __init__(self, stream: TextIO, *, quiet: float = QUIET) -> None:
        self._stream = stream
        self._quiet = quiet

    @contextmanager
    def step(self, title: str, *, brief: bool = False) -> Iterator[PlainStep]:
        started = time.monotonic()
        step = PlainStep(lambda text: self._line(f"{title}: {text} ({took(started)})"), quiet=self._quiet)
        if not brief:
            self._line(f"{title} ...")
        try:
            yield step
        except BaseException:
            self._line(f"{title}: failed after {took(started)}")
            raise
        outcome = f": {step.outcome}" if step.outcome else ": done"
        self._line(f"{title}{outcome} ({took(started)})")

    def note(self, text: str) -> None:
        self._line(text)

    def warn(self, text: str) -> None:
        self._line(f"warning: {text}")

    def _line(self, text: str) -> None:
        tell(text, self._stream)


def took(started: float) -> str:
    """Seconds since `started` (of time.monotonic), as people say them."""
    seconds = time.monotonic() - started
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
