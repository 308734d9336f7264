"""What a host said last, for the time when it does not answer any more."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from cynthus.core.run import Run  # noqa: TC001 - the type is looked at when a record is read
from cynthus.errors import CynthusError
from cynthus.state.record import load, save
from cynthus.writing import writing

if TYPE_CHECKING:
    from pathlib import Path


class Heard(Struct, frozen=True):
    """`at` is when it answered, by the clock here, `beat_at` the last heartbeat there, by its own; None where nothing
    had started. `run` is the newest run as it was then. Times are UTC, RFC 3339."""

    at: str
    beat_at: str | None
    run: Run | None


class Hearing:
    """The hosts of one deployment: a file for each in one folder. It is a help, so nothing of it ever fails."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def last(self, host: str) -> Heard | None:
        """What the host said last; None where that is not known."""
        try:
            return load(self._path(host), Heard)
        except CynthusError:
            return None

    def note(self, host: str, heard: Heard) -> None:
        """Remember it, where there is a place for that."""
        try:
            with writing(self._folder):
                self._folder.mkdir(exist_ok=True)
            save(self._path(host), heard)
        except CynthusError:
            return

    def _path(self, host: str) -> Path:
        return self._folder / f"{quote(host, safe='')}.json"
