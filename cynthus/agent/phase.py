"""What an attempt does before main.py begins, in a file of its own: a container writes it, and sees no other."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.attempt import Attempt

WAITING = "waiting for data that another run prepares"
PREPARING = "preparing data"
FAILED = "failed"


class Phase(NamedTuple):
    """`name` is '' where main.py has begun, or nothing comes before it. `why` says of a failure what was wrong; `code`
    is that of the command then, negative for a signal."""

    name: str = ""
    why: str = ""
    code: int | None = None


def tell(file: Path, phase: Phase) -> None:
    """Written in place, since a mount is of the file and not of its name. A full disk costs the word alone."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o644)
    except OSError:
        return
    try:
        data = json.dumps(phase._asdict()).encode()
        # Longer than what stood there, so that one write is enough: a reader never sees the end of the old one.
        os.pwrite(descriptor, data.ljust(max(len(data), os.fstat(descriptor).st_size)), 0)
    except OSError:
        return
    finally:
        os.close(descriptor)


def read(attempt: Attempt) -> Phase:
    """The last word; none where there is no such file, or nobody can read it."""
    try:
        return Phase(**json.loads(attempt.phase.read_bytes()))
    except (OSError, ValueError, TypeError):
        return Phase()
