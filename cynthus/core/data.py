"""The data that the app reads, looked at before anything is started."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from cynthus.errors import DataMissing, DataUnreadable

if TYPE_CHECKING:
    from cynthus.core.reference import Reference
    from cynthus.core.spec import AppSpec, DataEntry, ModelEntry

DEFAULT = "data"
MOST_FILES = 20_000
"""How many files are looked at. A larger tree is believed from there on: looking must not take minutes."""

MEND = "mend its permissions (`chmod -R u+rX`), or name other data"


class DataSource(Struct, frozen=True):
    """One entry that can be read. `origin` is the path as the spec has it, `path` where that leads."""

    name: str | None
    origin: str
    path: Path
    mode: Literal["auto", "copy", "mount"]
    kind: Literal["folder", "file"]

    def document(self) -> dict[str, object]:
        """The entry as the agent reads it. What lies on the same machine is mounted unless a copy was asked for."""
        return {"name": self.name, "from": self.origin, "mode": "copy" if self.mode == "copy" else "mount"}


class Elsewhere(Struct, frozen=True):
    """One entry that a host fetches."""

    name: str | None
    reference: Reference
    sha256: str | None
    unpack: bool

    def document(self) -> dict[str, object]:
        """The entry as the agent reads it, before its place has said anything of it."""
        one = self.reference
        fetch = {
            "scheme": one.scheme, "kind": one.kind, "name": one.name, "revision": one.revision,
            "files": list(one.files), "sha256": self.sha256, "unpack": self.unpack, "text": str(one), "pin": "",
            "size": None, "count": None, "licence": "", "closed": False,
        }  # fmt: skip
        return {"name": self.name, "from": str(one), "mode": "fetch", "fetch": fetch}


def check_data(folder: Path, spec: AppSpec) -> tuple[DataSource | Elsewhere, ...]:
    """What the entries lead to; where the spec has no `data:` at all, the folder `data` if there is one.

    Raises:
        DataMissing: a path does not exist.
        DataUnreadable: one cannot be read, or its links lead round in a circle.
    """
    if spec.data is None:
        default = folder / DEFAULT
        if not (os.path.isdir(default) or default.is_symlink()):  # noqa: PTH112 - Path.is_dir raises where it may not look
            return ()
        return (_look(folder, DEFAULT, None, "auto"),)
    return tuple(check_entry(folder, entry) for entry in spec.data)


def check_entry(folder: Path, entry: DataEntry) -> DataSource | Elsewhere:
    """What one entry leads to. Nobody is asked for what lies elsewhere.

    Raises:
        DataMissing, DataUnreadable: as above.
    """
    if not entry.elsewhere:
        return _look(folder, entry.path, entry.name, entry.mode)
    from cynthus.core import reference

    one = reference.parse(entry.path)
    if entry.files:
        one = replace(one, files=entry.files)
    return Elsewhere(entry.name, one, entry.sha256, one.is_archive if entry.unpack is None else entry.unpack)


def model_entry(entry: ModelEntry) -> Elsewhere:
    """What one entry under `models:` names."""
    from cynthus.core import reference

    one = reference.parse(entry.path)
    # In a bucket anything may lie. An archive of a model is of use to nobody as it is.
    return Elsewhere(entry.called, replace(one, kind="model", files=entry.files or one.files), None, one.is_archive)


def _look(folder: Path, origin: str, name: str | None, mode: Literal["auto", "copy", "mount"]) -> DataSource:
    path = folder / origin
    try:
        found = path.stat()
    except OSError as error:
        raise _unusable(path, error) from None
    if stat.S_ISDIR(found.st_mode):
        _Walk(path).walk()
        return DataSource(name, origin, path, mode, "folder")
    if not stat.S_ISREG(found.st_mode):
        raise DataUnreadable(f"{_shown(path)} is neither a folder nor a regular file", hint="name a folder or a file")
    _readable(path)
    return DataSource(name, origin, path, mode, "file")


def _unusable(path: Path, error: OSError) -> DataMissing | DataUnreadable:
    if error.errno == errno.ELOOP:
        hint = "delete the link that leads back, or name other data"
        return DataUnreadable(f"the links of {_shown(path)} lead round in a circle", hint=hint)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        hint = "create it, or mend the path under `data:` (it is relative to the folder of cynthus.yaml)"
        if path.is_symlink():
            hint = f"it is a link to {_shown(path.readlink())}, which is not there: mend the link"
        return DataMissing(f"there is no {_shown(path)}", hint=hint)
    return DataUnreadable(f"{_shown(path)} cannot be read: {error.strerror}", hint=MEND)


def _shown(path: Path) -> str:
    return str(path) if str(path).isprintable() else repr(str(path))


def _readable(path: Path) -> None:
    if not os.access(path, os.R_OK):
        raise DataUnreadable(f"{_shown(path)} cannot be read: permission denied", hint=MEND)


class _Walk:
    """One look at a tree, links followed, breadth first."""

    def __init__(self, root: Path) -> None:
        self._left = MOST_FILES
        self._waiting = deque([(root, frozenset[tuple[int, int]]())])

    def walk(self) -> None:
        """Look at every file, up to the limit."""
        while self._waiting and self._left > 0:
            folder, above = self._waiting.popleft()
            self._open(folder, above)

    def _open(self, folder: Path, above: frozenset[tuple[int, int]]) -> None:
        """List a folder. `above` are the folders that lead here: one of them again is a circle."""
        try:
            found = folder.stat()
            here = (found.st_dev, found.st_ino)
            if here in above:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._see(Path(entry.path), entry, above | {here})
        except OSError as error:
            raise _unusable(folder, error) from None

    def _see(self, path: Path, entry: os.DirEntry[str], above: frozenset[tuple[int, int]]) -> None:
        self._left -= 1
        if self._left < 0:
            return
        try:
            mode = entry.stat().st_mode
        except FileNotFoundError:
            return  # A link to nothing harms nobody who does not open it.
        except OSError as error:
            raise _unusable(path, error) from None
        if stat.S_ISDIR(mode):
            self._waiting.append((path, above))
        elif stat.S_ISREG(mode):
            _readable(path)
