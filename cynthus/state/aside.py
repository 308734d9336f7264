"""A record that is damaged is set aside: renamed and never deleted, so that a person can still look into it."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

from cynthus.errors import StateCorrupt
from cynthus.files import read_json
from cynthus.writing import reading, writing

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

MARK = ".damaged-"
"""Between the name that a record had and the time at which it was set aside."""


def damage(path: Path) -> StateCorrupt | None:
    """Why a JSON file of ours cannot be read; None where it can, or is not there."""
    try:
        with reading(path):
            read_json(path)
    except StateCorrupt as problem:
        return problem
    except ValueError as error:
        return StateCorrupt(f"cannot read {path}: {error}", hint="move it away")
    return None


def set_aside(path: Path, now: datetime) -> Path:
    """Rename what lies at `path`, whatever that is, and give its new path.

    Raises:
        FolderNotWritable: it cannot be renamed.
    """
    stem = f"{path.name}{MARK}{now:%Y%m%dT%H%M%SZ}"
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    free = next(other for other in (path.with_name(name) for name in names) if not os.path.lexists(other))
    with writing(path):
        os.replace(path, free)
    return free
