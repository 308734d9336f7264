"""Reaching this machine: plain processes and plain files."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cynthus import process
from cynthus.process import Command, Completed
from cynthus.targets.connection import Claim, FileEntry, Hold, Sum

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


_BLOCK = 1 << 20
HERE = PurePosixPath()
"""The folder that commands are typed in."""


class LocalConnection:
    """A connection that goes nowhere. Commands get `environment`, not everything this process has.

    `deployments` is the folder that deployments lie in.
    """

    python = sys.executable

    def __init__(self, environment: Mapping[str, str], deployments: PurePosixPath = HERE) -> None:
        # The agent decides what main.py may see; settings meant for this Python must not reach the one it starts.
        self._environment = {key: value for key, value in environment.items() if not key.startswith("PYTHON")}
        self._deployments = deployments

    def home(self, deployment: str) -> PurePosixPath:
        return self._deployments / deployment

    def renew(self) -> None:
        """Nothing is ever open."""

    def hurry(self) -> None:
        """There is nobody to wait for."""

    def hold(self, claim: Claim, *, within: float | None = None) -> Hold:  # noqa: ARG002 - as it says
        """Whoever is at work on this machine holds the folder, which is lock enough."""
        return Hold(taken=True)

    def let_go(self, deployment: str, token: str) -> None:
        """There is none."""

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> Completed:
        return process.run(Command(tuple(argv), env=self._environment, stdin=stdin), timeout=timeout)

    def command(self, argv: Sequence[str], *, tty: bool) -> Command:  # noqa: ARG002 - this terminal is theirs already
        return Command(tuple(argv) or (self._environment.get("SHELL") or "/bin/sh",), env=self._environment)

    def forward(self, port: int, local_port: int) -> None:
        """A port of this machine is here already."""

    def size(self, path: PurePosixPath) -> int | None:
        try:
            return Path(path).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        try:
            with open(path, "rb", opener=_at_once) as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise OSError(errno.EINVAL, "Not a regular file", str(path))
                stream.seek(offset)
                return stream.read(-1 if limit is None else limit)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read_several(self, wanted: Sequence[tuple[PurePosixPath, int]]) -> tuple[bytes | OSError | None, ...]:
        return tuple(self._tried(path, limit) for path, limit in wanted)

    def _tried(self, path: PurePosixPath, limit: int) -> bytes | OSError | None:
        try:
            return self.read(path, limit=limit)
        except OSError as error:
            return error

    def sums(self, wanted: Sequence[tuple[PurePosixPath, int, int]]) -> tuple[Sum | None, ...]:
        return tuple(_sum(*each) for each in wanted)

    def folders(self, folder: PurePosixPath) -> tuple[str, ...]:
        try:
            return tuple(sorted(path.name for path in Path(folder).iterdir() if path.is_dir()))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        return tuple(sorted(_walk(Path(folder)), key=lambda entry: entry.path))


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of a named pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def _sum(path: PurePosixPath, offset: int, size: int) -> Sum | None:
    import hashlib

    digest = hashlib.sha256()
    try:
        with open(path, "rb", opener=_at_once) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return None
            stream.seek(offset)
            while data := stream.read(min(_BLOCK, offset + size - stream.tell())):
                digest.update(data)
            return Sum(digest.hexdigest(), stream.tell() - offset, os.fstat(stream.fileno()).st_mtime_ns)
    except OSError:
        return None


def _walk(top: Path) -> Iterator[FileEntry]:
    waiting = [""]
    while waiting:
        below = waiting.pop()
        for entry in _scan(top / below):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{below}{entry.name}/")
            elif (file := _file(entry, below + entry.name)) is not None:
                yield file


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _file(entry: os.DirEntry[str], path: str) -> FileEntry | None:
    """None for what is no file, and for what was replaced while we look: a program at work does that."""
    try:
        found = entry.stat(follow_symlinks=False)
        link = os.readlink(entry.path) if stat.S_ISLNK(found.st_mode) else None  # noqa: PTH115 - its own words
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINVAL):
            return None
        raise
    if link is None and not stat.S_ISREG(found.st_mode):
        return None
    return FileEntry(path, found.st_size, found.st_mtime_ns, stat.S_IMODE(found.st_mode), link)
