"""The journal of a deployment: what is about to be done is on disk before it is done.

One JSON object a line. Whoever writes holds the deployment's lock; reading needs none. Details are ids and numbers,
never a secret's value.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cynthus.core.clock import stamp
from cynthus.errors import CynthusError
from cynthus.files import write_atomic
from cynthus.state.aside import set_aside
from cynthus.state.intents import Detail, Event, Record, parse, unfinished, worth_keeping
from cynthus.state.lines import append
from cynthus.writing import reading, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.core.clock import Clock

LARGEST = 5_000_000
"""Bytes after which a journal begins anew, with its tail."""
KEPT = 1000
"""How many records that tail has, at most."""


class Journal:
    """The journal at `path`, written for one operation. Before each step it calls `insist`, which raises where the
    operation has lost its right to go on."""

    def __init__(
        self, path: Path, *, operation: str, clock: Clock, largest: int = LARGEST,
        insist: Callable[[], None] = lambda: None,
    ) -> None:
        self._path = path
        self._operation = operation
        self._clock = clock
        self._largest = largest
        self._insist = insist

    def record(self, step: str, event: Event, **details: Detail) -> None:
        """Add a line and wait until it is on disk.

        Raises:
            DiskFull, FolderNotWritable: it cannot be written; the lines before it are untouched.
        """
        line = Record(stamp(self._clock.now()), os.getpid(), self._operation, step, event, details).line()
        with writing(self._path):
            self._begin_anew_if_large()
            append(self._path, line)

    @contextmanager
    def step(self, name: str, **details: Detail) -> Iterator[None]:
        """Write the intent, let the block do it, and write how it ended.

        Raises:
            DiskFull, FolderNotWritable: the intent, or the good end, cannot be written.
            Locked: as `insist`; nothing was begun.
        """
        self._insist()
        self.record(name, "intent", **details)
        try:
            yield
        except BaseException as error:
            # What went wrong matters more than that it could not be written down.
            with suppress(CynthusError):
                self.record(name, "failed", **{**details, "error": _name(error)})
            raise
        self.record(name, "done", **details)

    def open_intents(self) -> tuple[Record, ...]:
        """The intents without an end, oldest first: what a killed process left, once we hold the lock.

        Raises:
            StateCorrupt: the journal cannot be read.
        """
        return tuple(unfinished(self.records()))

    def records(self) -> tuple[Record, ...]:
        """Every line that can be read, oldest first.

        Raises:
            StateCorrupt: the journal cannot be read.
        """
        with reading(self._path):
            return tuple(parse(self._path.read_bytes())) if self._path.exists() else ()

    def set_aside_if_closed(self) -> Path | None:
        """Begin anew where the journal cannot even be opened, and give where the old one lies then.

        Raises:
            FolderNotWritable: it cannot be renamed.
        """
        try:
            with open(self._path, "r+b"):
                return None
        except FileNotFoundError:
            return None
        except OSError:
            return set_aside(self._path, self._clock.now())

    def _begin_anew_if_large(self) -> None:
        if self._path.exists() and self._path.stat().st_size > self._largest:
            kept = worth_keeping(self.records(), KEPT)
            write_atomic(self._path, b"".join(record.line() for record in kept))


def _name(error: BaseException) -> str:
    """The code of an error of ours, else its class. Its text stays out: it may quote anything."""
    return error.code if isinstance(error, CynthusError) else type(error).__name__
