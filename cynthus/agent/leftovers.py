"""What preparations have left that came to nothing: a folder `part`, which may be as large as what is whole."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.agent import lock
from cynthus.agent.prepared import Prepared

if TYPE_CHECKING:
    from pathlib import Path


def clear(part: Path) -> None:
    """Delete it, whatever was made of its permissions; fine where there is none. Raises: OSError."""
    if os.path.lexists(part):
        from cynthus.agent.remove import delete  # a start that finds nothing needs none of this

        delete(part)


def clear_all(folder: Path) -> None:
    """Delete all of it that nobody writes just now. What cannot be deleted stays: no start fails because of it."""
    for part in sorted(folder.glob("*/part")):
        with suppress(OSError):
            _clear_free(Prepared(part.parent))


def _clear_free(room: Prepared) -> None:
    descriptor = lock.acquire(room.lock, wait=False)
    if descriptor is None:
        return
    try:
        clear(room.part)
    finally:
        os.close(descriptor)
