"""Where at home a file of the host belongs: at its own place, or beside what the user has put there."""

from __future__ import annotations

import os
import stat
from itertools import accumulate, count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cynthus.state.known import Known, Sign
    from cynthus.targets.connection import FileEntry

BESIDE = ".from-host"
"""What is added to a name that is taken; a pattern such as *.pt does not find it."""

# Signs of what no record knows: no file has less than no bytes.
_FOLDER: Sign = (-1, 0)
_NO_FILE: Sign = (-1, 1)


class Places:
    """The places of what the host holds (`theirs`), below `folder`. No link below it is ever followed."""

    def __init__(self, folder: Path, theirs: Iterable[FileEntry]) -> None:
        self._folder = folder
        self._theirs = {step for file in theirs for step in _steps(file.path)}
        self._seen: dict[str, Path] = {"": folder}
        self._made: dict[str, Path] = {}

    def holds(self, file: FileEntry) -> bool:
        """Whether the file is at home as it is on the host. Where nobody may look it is not: bringing it says why."""
        name = _split(file.path)[1]
        try:
            signs = map(sign_at, self._candidates(file.path, self.folder_of(file.path) / name))
            return next(sign for sign in signs if sign in (None, sign_of(file))) is not None
        except OSError:
            return False

    def room(self, path: str, folder: Path, fresh: Sign, known: Known) -> Path:
        """Where in `folder` the version `fresh` of the file at `path` may lie: nothing of the user's is there.

        Raises:
            OSError: nobody may look there.
        """
        free = (None, fresh, *known.of(path))
        return next(place for place in self._candidates(path, folder / _split(path)[1]) if sign_at(place) in free)

    def folder_of(self, path: str) -> Path:
        """The folder in which the file at `path` lies or would; nothing is made.

        Raises:
            OSError: nobody may look there.
        """
        return self._look_up(_split(path)[0])

    def folder_for(self, path: str, known: Known) -> Path:
        """The folder for the file at `path`, which is made if need be.

        Raises:
            OSError: it cannot be made.
        """
        if not self._made:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._made[""] = self._folder
        for step in _steps(_split(path)[0]):
            if step not in self._made:
                parent, name = _split(step)
                place = self._clear(step, self._made[parent] / name, known)
                place.mkdir(exist_ok=True)
                self._made[step] = place
        return self._made[_split(path)[0]]

    def _look_up(self, path: str) -> Path:
        """The folder that stands for one of the host's, or would."""
        for step in _steps(path):
            if step not in self._seen:
                parent, name = _split(step)
                candidates = self._candidates(step, self._seen[parent] / name)
                self._seen[step] = next(place for place in candidates if sign_at(place) in (None, _FOLDER))
        return self._seen[path]

    def _clear(self, path: str, wanted: Path, known: Known) -> Path:
        """A place for the folder at `path`. What came from the host before it was a folder there gives way."""
        free = (None, _FOLDER, *known.of(path))
        place = next(place for place in self._candidates(path, wanted) if sign_at(place) in free)
        if sign_at(place) not in (None, _FOLDER):
            place.unlink()
        return place

    def _candidates(self, path: str, wanted: Path) -> Iterator[Path]:
        """`wanted` and names beside it, without end; none that the host has a file or folder of its own for."""
        yield wanted
        for number in count(1):
            suffix = BESIDE if number == 1 else f"{BESIDE}-{number}"
            if path + suffix not in self._theirs:
                yield wanted.with_name(wanted.name + suffix)


def sign_of(file: FileEntry) -> Sign:
    """The sign of a file as it is on the host."""
    return (file.size, file.mtime_ns) if file.link is None else file.link


def sign_at(path: Path) -> Sign | None:
    """The sign of what lies at home, or None where nothing does.

    Raises:
        OSError: nobody may look there.
    """
    try:
        here = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(here.st_mode):
        return os.readlink(path)  # noqa: PTH115 - a Path would write the target in another way
    if stat.S_ISDIR(here.st_mode):
        return _FOLDER
    return (here.st_size, here.st_mtime_ns) if stat.S_ISREG(here.st_mode) else _NO_FILE


def stays_inside(path: str, target: str) -> bool:
    """Whether a link at `path` leads to a place below the same folder, whatever lies there.

    `..` counts only in front: behind a name, which may be a link itself, it could lead anywhere.
    """
    steps = [step for step in target.split("/") if step not in ("", ".")]
    up = next((index for index, step in enumerate(steps) if step != ".."), len(steps))
    return not target.startswith("/") and ".." not in steps[up:] and up <= path.count("/")


def _split(path: str) -> tuple[str, str]:
    parent, _, name = path.rpartition("/")
    return parent, name


def _steps(path: str) -> Iterator[str]:
    """The folders above a path, from the top, and the path itself; nothing for the top."""
    return accumulate(path.split("/"), "{}/{}".format) if path else iter(())
