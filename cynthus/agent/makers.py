"""Who makes an environment just now: its process outlives the connection that it was called by."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cynthus.agent import lock, processes
from cynthus.agent.failure import ENVIRONMENT, Failure
from cynthus.files import read_json, write_json
from cynthus.process import alive, birth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.home import Home

PATIENCE = 10.0
"""Seconds for what was killed to be gone."""


@contextmanager
def noted(home: Home) -> Iterator[None]:
    """Note that this process makes one, for whoever has to end it.

    Raises:
        Failure: somebody ends those who make one, since what they make it of is about to go.
        OSError: that cannot be written.
    """
    home.makers.mkdir(parents=True, exist_ok=True)
    note = home.makers / str(os.getpid())
    # A pid alone may be somebody else's by then.
    write_json(note, {"born": birth(os.getpid())}, durable=False)
    try:
        # After the note: who ends makers has the lock first and looks then, so one of both sees the other.
        gate = lock.acquire(home.makers_lock, wait=False)
        if gate is None:
            hint = "run the command again once that is done"
            raise Failure("what the environment is made of is being replaced or removed", hint=hint, code=ENVIRONMENT)
        os.close(gate)
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)


@contextmanager
def ended(home: Home, patience: float = PATIENCE) -> Iterator[None]:
    """Nobody makes one within: who does is ended, with what was started for it, and who begins is refused.

    Raises:
        Failure: what was killed is not gone after `patience` seconds.
    """
    with lock.locked(home.makers_lock):
        deadline = time.monotonic() + patience
        _kill(home)
        while at_work(home):
            if time.monotonic() > deadline:
                hint = "run the command again in a minute"
                raise Failure(f"an environment of {home.deployment} is still being made", hint=hint)
            time.sleep(0.01)
        yield


def at_work(home: Home) -> bool:
    """Whether an environment is being made, or what was started for one still holds its lock."""
    return any(lock.held(each) for each in (home.ahead_lock, *home.environments.glob("*.lock")))


def _kill(home: Home) -> None:
    for note in _notes(home):
        pid = int(note.name)
        if _lives(note):
            processes.send([pid, *processes.descendants(pid)], signal.SIGKILL)
        with suppress(OSError):
            note.unlink(missing_ok=True)


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
