"""Copying a folder of a host home: only what changed, and each file whole or not at all."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cynthus.errors import PullFailed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path, PurePosixPath

    from cynthus.core.progress import Step
    from cynthus.targets.base import Connection, FileEntry

CHUNK = 1 << 20
"""Bytes read at once."""


@dataclass(frozen=True)
class Fetched:
    """All files that lie there, those that were copied now, and those left alone because home has a later version."""

    files: tuple[FileEntry, ...]
    copied: tuple[FileEntry, ...]
    left: tuple[FileEntry, ...] = ()


def fetch_folder(
    connection: Connection, source: PurePosixPath, folder: Path, step: Step, *, keep_newer: bool = False
) -> Fetched:
    """Make `folder` have what `source` on the host has; what else is in it stays.

    `keep_newer`: a file that was changed later at home than on the host stays, too.

    Raises:
        PullFailed: something could not be read or written; everything else has been copied.
    """
    try:
        files = connection.files(source)
        copied = _missing(files, folder, keep_newer=keep_newer)
        _fetch_all(connection, source, folder, copied, step)
    except OSError as error:
        raise pull_failed(error, folder) from error
    left = set(_missing(files, folder, keep_newer=False)) if keep_newer else set()
    return Fetched(files, copied, tuple(file for file in files if file in left))


def missing(connection: Connection, source: PurePosixPath, folder: Path) -> tuple[int, int]:
    """How many files, and bytes, `fetch_folder` would copy.

    Raises:
        PullFailed: the folder on the host cannot be read.
    """
    try:
        files = _missing(connection.files(source), folder, keep_newer=False)
    except OSError as error:
        raise pull_failed(error, folder) from error
    return len(files), sum(file.size for file in files)


def pull_failed(error: OSError, folder: Path) -> PullFailed:
    """What the operating system said, as the error of a pull into `folder`."""
    return PullFailed(
        f"{error.filename2 or error.filename or folder}: {(error.strerror or str(error)).lower()}",
        hint="nothing was removed; mend that and run `cynthus pull` again",
    )


def _missing(files: Sequence[FileEntry], folder: Path, *, keep_newer: bool) -> tuple[FileEntry, ...]:
    return tuple(file for file in files if not _stays(folder / file.path, file, keep_newer=keep_newer))


def _stays(path: Path, file: FileEntry, *, keep_newer: bool) -> bool:
    try:
        here = path.lstat()
    except OSError:
        return False
    if not stat.S_ISREG(here.st_mode):
        return False
    same = here.st_size == file.size and here.st_mtime_ns == file.mtime_ns
    return same or (keep_newer and here.st_mtime_ns > file.mtime_ns)


def _fetch_all(
    connection: Connection, source: PurePosixPath, folder: Path, files: Sequence[FileEntry], step: Step
) -> None:
    problems = []
    for file in files:
        step.activity(file.path)
        try:
            _fetch(connection, source / file.path, folder / file.path, file)
        except OSError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def _fetch(connection: Connection, source: PurePosixPath, path: Path, file: FileEntry) -> None:
    if connection.size(source) is None:
        return  # gone since it was listed: a program at work replaces and removes files
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: that of the file may be as long as a name can be.
    partial = path.with_name(f".{os.urandom(4).hex()}.part")
    try:
        with open(partial, "wb") as stream:
            while data := connection.read(source, offset=stream.tell(), limit=CHUNK):
                stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            whole = stream.tell() >= file.size or connection.size(source) is not None
        if not whole:
            partial.unlink()
            return
        partial.chmod(file.mode | 0o600)
        os.utime(partial, ns=(file.mtime_ns, file.mtime_ns))
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
