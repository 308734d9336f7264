"""A tree that is whole, as what others read from now on."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def settle(content: Path, *, everybody: bool = True) -> tuple[int, int]:
    """Make the files ones that are only read; how many they are, and their bytes. `everybody`: whoever runs here reads
    what came from elsewhere; else those go on reading that could before.

    A file that has another name outside is somebody's still, and gets a copy here: a mode is of all names.

    Raises:
        OSError: one is somebody else's, or there is no room for a copy.
    """
    files = size = 0
    shared: dict[tuple[int, int], list[str]] = {}
    _open(str(content), everybody=everybody)
    for folder, inner, names in os.walk(content):
        for name in inner:
            # Before it is gone into: what cannot be listed is not.
            _open(f"{folder}/{name}", everybody=everybody)
        for name in names:
            path = f"{folder}/{name}"
            found = os.lstat(path)
            files += 1
            if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
                shared.setdefault((found.st_dev, found.st_ino), []).append(path)
            elif not stat.S_ISLNK(found.st_mode):
                _close(path, found.st_mode, everybody=everybody)
            size += 0 if stat.S_ISLNK(found.st_mode) else found.st_size
    for paths in shared.values():
        found = os.lstat(paths[0])
        if found.st_nlink > len(paths):
            _part(content, paths)
        _close(paths[0], found.st_mode, everybody=everybody)
    return files, size


def _open(folder: str, *, everybody: bool) -> None:
    mode = os.lstat(folder).st_mode
    if stat.S_ISDIR(mode):  # and no link to one
        os.chmod(folder, 0o755 if everybody else 0o700 | (mode & 0o755))  # noqa: PTH101 - there may be millions


def _close(path: str, mode: int, *, everybody: bool) -> None:
    os.chmod(path, (0o444 if everybody else 0o400) | (mode & (0o111 if everybody else 0o555)))  # noqa: PTH101 - as above


def _part(content: Path, paths: list[str]) -> None:
    """Have the names be those of a file of their own."""
    import tempfile  # not for the many programs that meet no such file

    descriptor, made = tempfile.mkstemp(dir=content)
    os.close(descriptor)
    shutil.copy2(paths[0], made)
    os.replace(made, paths[0])
    for path in paths[1:]:
        os.unlink(path)  # noqa: PTH108 - as above
        os.link(paths[0], path)
