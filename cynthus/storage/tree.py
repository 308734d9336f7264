"""The files of a folder that go into a bucket."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.storage.manifest import Sign, sign_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTS = ".cynthus-part"
"""Where files are while they are on their way into a folder. It is never sent."""
_PIECE = 1 << 20


class Changed(Exception):
    """A file that was changed while it was read."""


class File(Struct, frozen=True):
    """One to be sent: its path below the folder with `/` between, and where its content lies (elsewhere for a link)."""

    path: str
    place: str
    sign: Sign
    mode: int


class LeftOut(Struct, frozen=True):
    """Something that is not sent, or not brought, and why. `failed`: it should have been."""

    path: str
    why: str
    failed: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


def walk(folder: Path) -> Iterator[File | LeftOut]:
    """All in a folder. A link to a file inside it is the file that it leads to, as buckets have no links; other links
    are left out, and so are pipes and sockets."""
    root = os.path.realpath(folder)
    pending = [(root, "")]
    while pending:
        place, below = pending.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            yield LeftOut(below.rstrip("/") or ".", _why(error), failed=True)
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if below or entry.name != PARTS:
                    pending.append((entry.path, f"{below}{entry.name}/"))
            else:
                yield _one(root, entry, below + entry.name)


def _one(root: str, entry: os.DirEntry[str], path: str) -> File | LeftOut:
    try:
        place = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        if place != entry.path and not place.startswith(f"{root}/"):
            return LeftOut(path, "a link that leads out of the folder")
        found = os.lstat(place)
    except OSError as error:
        return LeftOut(path, "a link that leads nowhere" if entry.is_symlink() else _why(error))
    if not stat.S_ISREG(found.st_mode):
        kind = "a link to a folder" if entry.is_symlink() else "neither a file nor a folder"
        return LeftOut(path, kind)
    return File(path, place, sign_of(found), stat.S_IMODE(found.st_mode) & 0o777)


def read(file: File) -> Iterator[bytes]:
    """Its content, of that version.

    Raises:
        Changed: it is not that version, or was not until the end, or is gone.
        OSError: it cannot be read.
    """
    try:
        descriptor = os.open(file.place, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise Changed from None
    with open(descriptor, "rb", buffering=0) as stream:
        while True:
            data = stream.read(min(_PIECE, file.sign.size + 1))
            # After each piece, so that none of another version is taken for one of this.
            if sign_of(os.fstat(stream.fileno())) != file.sign:
                raise Changed
            if not data:
                return
            yield data


def again(file: File) -> File | None:
    """The file as it is now, None where it is gone."""
    try:
        found = os.lstat(file.place)
    except FileNotFoundError:
        return None
    return File(file.path, file.place, sign_of(found), stat.S_IMODE(found.st_mode) & 0o777)


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
