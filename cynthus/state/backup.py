"""Copies of Terraform's state, so that no apply can lose what an earlier one knew."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from cynthus.files import write_atomic
from cynthus.writing import writing

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-\d{8,}(-\d+)?\.tfstate")


def backup(tfstate: Path, into: Path, keep: int = 10) -> Path | None:
    """Copy a state file to `into`, named by when it was written and its serial number; keep the newest `keep`.

    Gives the copy; the newest one where nothing has changed since; None where there is no state, or half of one,
    which must not push a whole one out.

    Raises:
        FolderNotWritable, DiskFull: the copy cannot be written; earlier ones are untouched.
    """
    try:
        data = tfstate.read_bytes()
        written = datetime.fromtimestamp(tfstate.stat().st_mtime, UTC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    serial = _serial(data)
    if serial is None:
        return None
    with writing(into):
        into.mkdir(parents=True, exist_ok=True)
        earlier = _copies(into)
        if earlier and _content(earlier[-1]) == data:
            return earlier[-1]
        copy = _free(into, f"{written:%Y%m%dT%H%M%S.%fZ}-{serial:08d}")
        # A state may hold secrets that a provider put there.
        write_atomic(copy, data, mode=0o600)
        for old in [path for path in _copies(into) if path != copy][: -(keep - 1) or None]:
            old.unlink(missing_ok=True)
    return copy


def newest_copy(folder: Path) -> Path | None:
    """The copy that was made last, of those that hold a whole state; None where there is none."""
    copies = _copies(folder) if folder.is_dir() else []
    return next((copy for copy in reversed(copies) if _serial(_content(copy) or b"") is not None), None)


def _content(copy: Path) -> bytes | None:
    """None where it cannot be read: that is no reason to go without another one."""
    try:
        return copy.read_bytes()
    except OSError:
        return None


def _serial(data: bytes) -> int | None:
    try:
        state = json.loads(data)
    except (ValueError, RecursionError):
        return None
    serial = state.get("serial") if isinstance(state, dict) else None
    return serial if type(serial) is int and serial >= 0 else None


def _copies(folder: Path) -> list[Path]:
    """Oldest first. By time and not by serial number, which begins anew with a new state."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file())


def _free(folder: Path, name: str) -> Path:
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(path for path in (folder / f"{each}.tfstate" for each in names) if not path.exists())
