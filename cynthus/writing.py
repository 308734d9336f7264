"""What it means that a file of ours cannot be written or read."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cynthus.errors import CynthusError, DiskFull, FolderNotWritable, StateCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the operating system says where there is no room."""
_IN_THE_WAY = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
_REASONS = {
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "it is not permitted",
    errno.EPERM: "it is not permitted",
    errno.ENOLCK: "the file system has no locks",
    errno.EOPNOTSUPP: "the file system has no locks",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError of the block, which writes at or below `path`, into what a person can act on.

    Raises:
        DiskFull: there is no room, or the user's quota is used up.
        FolderNotWritable: anything else; the message gives the reason.
    """
    try:
        yield
    except OSError as error:
        raise refusal(error, path) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn an OSError of the block, which reads `path`, into what a person can act on.

    Raises:
        StateCorrupt: it cannot be read; the message gives the reason.
    """
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, (error.strerror or str(error)).lower())
        raise StateCorrupt(f"cannot read {path}: {reason}", hint="make it readable, or move it away") from error


def refusal(error: OSError, path: Path) -> CynthusError:
    """The error to raise for an OSError that came of writing at or below `path`."""
    if error.errno in FULL:
        whose = "the user's quota is used up" if error.errno == errno.EDQUOT else "the disk is full"
        return DiskFull(f"cannot write {path}: {whose}", hint="make room there and run the command again")
    return FolderNotWritable(
        f"cannot write {path}: {_reason(error, path)}", hint="make it writable, or work in a folder that is"
    )


def _reason(error: OSError, path: Path) -> str:
    if error.errno in _IN_THE_WAY:
        blocker = next((part for part in (path, *path.parents) if part.exists()), path)
        return f"{blocker} is in the way: it is {'a folder' if blocker.is_dir() else 'a file'}"
    return _REASONS.get(error.errno or 0, (error.strerror or str(error)).lower())
