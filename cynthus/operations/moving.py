"""How far the transfers of a play are: its agents note it in small files, which are read meanwhile."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from cynthus.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.progress import Step

PAUSE = 0.5
"""Seconds between two looks."""


class Moving:
    """Tells `step` how many bytes of all transfers have moved, as `cynthus.agent.moving` notes it in `records`."""

    def __init__(self, records: Path, step: Step, *, pause: float = PAUSE) -> None:
        self._records = records
        self._step = step
        self._pause = pause
        self._shown = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="moving", daemon=True)

    def __enter__(self) -> Self:
        # What a killed one has left.
        for note in self._records.glob("moving*.json"):
            with suppress(OSError):
                note.unlink()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def look(self) -> None:
        """Tell it, and that there is nothing any more once there is not."""
        notes = [note for path in self._records.glob("moving*.json") if (note := _read(path)) is not None]
        if notes or self._shown:
            self._shown = bool(notes)
            self._step.amount(sum(done for done, _ in notes), sum(total for _, total in notes))

    def _look_on(self) -> None:
        while not self._over.wait(self._pause):
            self.look()


def _read(path: Path) -> tuple[int, int] | None:
    try:
        note = read_json(path) or {}
    except (OSError, ValueError):
        return None
    done, total = note.get("done"), note.get("total")
    return (done, total) if isinstance(done, int) and isinstance(total, int) else None
