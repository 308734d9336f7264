"""Who makes an environment just now: its process outlives the connection that it was called by."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cynthus.agent import lock, processes
from cynthus.files import read_json, write_json
from cynthus.process import alive, birth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.home import Home

_PATIENCE = 10.0
"""Seconds for what was killed to be gone."""


@contextmanager
def noted(home: Home) -> Iterator[None]:
    """Note that this process makes one, for whoever has to end it.

    Raises:
        OSError: that cannot be written.
    """
    home.makers.mkdir(parents=True, exist_ok=True)
    note = home.makers / str(os.getpid())
    # A pid alone may be somebody else's by then.
    write_json(note, {"born": birth(os.getpid())}, durable=False)
    try:
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)


def end(home: Home) -> bool:
    """End all of them, with what they have started; whether nobody makes one any more."""
    for note in _notes(home):
        pid = int(note.name)
        if _lives(note):
            processes.send([pid, *processes.descendants(pid)], signal.SIGKILL)
        with suppress(OSError):
            note.unlink(missing_ok=True)
    deadline = time.monotonic() + _PATIENCE
    while at_work(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def at_work(home: Home) -> bool:
    """Whether an environment is being made, or what was started for one still holds its lock."""
    return any(lock.held(each) for each in (home.ahead_lock, *home.environments.glob("*.lock")))


def _notes(home: Home) -> list[Path]:
    try:
        return [each for each in home.makers.iterdir() if each.name.isdigit() and each.name != str(os.getpid())]
    except OSError:
        return []


def _lives(note: Path) -> bool:
    try:
        born = (read_json(note) or {}).get("born")
    except (OSError, ValueError):
        return False
    return isinstance(born, str) and alive(int(note.name), born)
