"""Keeps the agent's compiled code. Python does that for modules in files, not for those in a zipapp: without this, each
call would compile the agent again, which takes longer than what most calls do."""

from __future__ import annotations

import marshal
import os
import stat
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING
from zipimport import zipimporter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SUM = 4
"""Bytes of the checksum in front of the code: a power cut can leave a file of zeros."""
_PROGRAMS = 4
"""Of how many programs the code is kept: one machine has deployments of several releases, hardly of many."""


class KeepingImporter(zipimporter):
    """Imports from a zipapp what was compiled before, and keeps what it has to compile."""

    kept: Path

    def get_code(self, fullname: str) -> CodeType:
        file = self.kept / fullname
        code = _read(file)
        if code is None:
            code = super().get_code(fullname)
            _write(file, marshal.dumps(code))
        return code


def keep(archive: str, environment: Mapping[str, str]) -> None:
    """From now on import from the zipapp `archive` what was compiled before, and keep what has to be compiled.

    Nothing is kept for a user without a home, or where that cannot be written.
    """
    if "HOME" not in environment:
        return
    with open(archive, "rb") as stream:
        folder = _folder(stream.read(), place(environment))
    try:
        if not folder.is_dir():
            _make(folder)
        if not _ours(folder):
            return
    except OSError:
        return
    sys.path_hooks.insert(0, type("_Importer", (KeepingImporter,), {"kept": folder}))
    # What has looked into the archive so far keeps nothing.
    for path in [each for each in sys.path_importer_cache if each.startswith(archive)]:
        del sys.path_importer_cache[path]


def hand_over(program: bytes, code: Callable[[], Mapping[str, bytes]], environment: Mapping[str, str]) -> None:
    """Keep code that is there already, marshalled, by module, for when this Python runs the zipapp `program`.

    `code` is not asked where something is kept. Nothing is kept for a user without a home, or where that cannot be
    written.
    """
    folder = _folder(program, place(environment))
    if "HOME" not in environment or folder.is_dir():
        return
    with suppress(OSError):
        _make(folder)
        for name, each in code().items():
            _write(folder / name, each)


def place(environment: Mapping[str, str]) -> Path:
    """Where a user's kept code lies, for all deployments."""
    return Path(environment.get("HOME") or "/") / ".cache/cynthus/bytecode"


def _folder(program: bytes, place: Path) -> Path:
    return place / f"{zlib.crc32(program):08x}-{sys.implementation.cache_tag}-{sys.hexversion:x}"


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)
    by_age = sorted(folder.parent.iterdir(), key=lambda each: -each.stat().st_mtime_ns)
    for each in by_age[_PROGRAMS:]:
        import shutil

        shutil.rmtree(each, ignore_errors=True)


def _ours(folder: Path) -> bool:
    """Whether nobody else can have put code there: a home may be a folder that everybody writes to."""
    known = folder.lstat()
    return stat.S_ISDIR(known.st_mode) and known.st_uid == os.geteuid() and not known.st_mode & 0o022


def _read(file: Path) -> CodeType | None:
    try:
        data = file.read_bytes()
        if zlib.crc32(data[_SUM:]) != int.from_bytes(data[:_SUM], "big"):
            return None
        code = marshal.loads(data[_SUM:])  # noqa: S302 - it is our own, as trusted as Python's own __pycache__
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return code if isinstance(code, CodeType) else None


def _write(file: Path, code: bytes) -> None:
    # Whoever reads it before it is whole sees that by its checksum.
    with suppress(OSError):  # a full disk, or whoever deletes the cache now
        file.write_bytes(zlib.crc32(code).to_bytes(_SUM, "big") + code)
