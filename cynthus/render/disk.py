"""Files below one folder: looked at without following a link, and written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import UsageError
from cynthus.files import write_atomic
from cynthus.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterator


class Found(Struct, frozen=True):
    """What lies at a path. `content` is None where nothing does, or where it is no plain file: `odd` says what then."""

    content: bytes | None = None
    mode: int = 0
    odd: str = ""


NOTHING = Found()


def look(root: Path, path: str) -> Found:
    """What lies at `path` below `root`. A link, there or on the way, counts as odd: it may lead anywhere.

    Raises:
        UsageError: a file is there and cannot be read.
    """
    place = root
    parts = path.split("/")
    for number, part in enumerate(parts, 1):
        place = place / part
        try:
            mode = os.lstat(place).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return NOTHING
        except OSError as error:
            raise _unreadable(place, error) from error
        last = number == len(parts)
        if not (stat.S_ISREG(mode) if last else stat.S_ISDIR(mode)):
            return Found(odd=f"{place.relative_to(root)} is {_kind(mode)}")
    return Found(read(place), stat.S_IMODE(mode))


def seen(root: Path, path: str) -> bytes | None:
    """The content of a file of our own records; one that cannot be read counts as missing."""
    try:
        return look(root, path).content
    except UsageError:
        return None


def read(path: Path) -> bytes:
    """The content of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def walk(root: Path, *, skip: tuple[str, ...] = ()) -> Iterator[str]:
    """The paths of all plain files below `root`, sorted; links are not followed and `skip` names folders left out."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in skip)
        for name in sorted(names):
            if _plain(Path(folder, name)):
                yield Path(folder, name).relative_to(root).as_posix()


class Hands:
    """Everything that changes a file, one method a change: a test can stop before any of them.

    Raises:
        FolderNotWritable, DiskFull: each method, where the file system refuses.
    """

    def write(self, path: Path, content: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, content, mode=mode, durable=durable)

    def move(self, source: Path, path: Path) -> None:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(source, path)

    def remove(self, path: Path) -> None:
        """A file that is gone already is fine."""
        with writing(path):
            path.unlink(missing_ok=True)

    def remove_folder(self, path: Path) -> None:
        """With all that is in it."""
        with writing(path), suppress(FileNotFoundError):
            shutil.rmtree(path)

    def remove_empty(self, folder: Path, *, up_to: Path) -> None:
        """Remove `folder` and those above it, as long as nothing is in them."""
        while folder != up_to:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


def _plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:  # just removed, or in a folder that lists its names and hides what they are
        return False


def _unreadable(path: Path, error: OSError) -> UsageError:
    reason = (error.strerror or str(error)).lower()
    return UsageError(f"cannot read {path}: {reason}", hint="make it readable, or move it away")


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a link"
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a file" if stat.S_ISREG(mode) else "no plain file"
