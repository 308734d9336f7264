"""Progress for a pipe or a file: one line when a step starts and one when it ends."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Iterator


class PlainStep:
    """Keeps what came of the step; what happens in between would only fill a log."""

    def __init__(self) -> None:
        self.outcome = ""

    def activity(self, text: str) -> None:
        pass

    def result(self, text: str) -> None:
        self.outcome = text


class PlainProgress:
    """Lines without colour or movement."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @contextmanager
    def step(self, title: str) -> Iterator[PlainStep]:
        step, started = PlainStep(), time.monotonic()
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
        click.echo(text, file=self._stream)


def took(started: float) -> str:
    """Seconds since `started` (of time.monotonic), as people say them."""
    seconds = time.monotonic() - started
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
