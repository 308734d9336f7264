"""How far a transfer is: a small file beside the app's records, for whoever waits and cannot see it through a play."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cynthus.files import write_json

if TYPE_CHECKING:
    from pathlib import Path

PAUSE = 0.5
"""Seconds between two notes."""


class Moving:
    """Counts bytes. It is a help, so nothing of it ever fails."""

    def __init__(self, path: Path, total: int, *, pause: float = PAUSE) -> None:
        self._path = path
        self._total = total
        self._done = 0
        self._pause = pause
        self._noted = time.monotonic()
        self._heard = path.parent.is_dir()

    def add(self, count: int) -> None:
        """So many more have moved."""
        self._done += count
        if self._heard and time.monotonic() - self._noted >= self._pause:
            self._noted = time.monotonic()
            try:
                # What a format adds to the bytes of the files is nobody's concern.
                write_json(self._path, {"done": min(self._done, self._total), "total": self._total}, durable=False)
            except OSError:
                self._heard = False

    def end(self) -> None:
        """There is nothing to wait for any more."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            self._heard = False


def note_of(folder: Path, deployment: str, host: str = "") -> Path:
    """Where that file lies for an app's folder; where Cynthus keeps no records there is no such place."""
    return folder / ".cynthus" / deployment / (f"moving.{host}.json" if host else "moving.json")
