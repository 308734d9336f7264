"""Reaching this machine: plain processes and plain files."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cynthus import process
from cynthus.process import Command, Completed
from cynthus.targets.base import FileEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class LocalConnection:
    """A connection that goes nowhere. Commands get `environment`, not everything this process has."""

    python = sys.executable

    def __init__(self, environment: Mapping[str, str]) -> None:
        # The agent decides what main.py may see; settings meant for this Python must not reach the one it starts.
        self._environment = {key: value for key, value in environment.items() if not key.startswith("PYTHON")}

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> Completed:
        return process.run(Command(tuple(argv), env=self._environment, stdin=stdin), timeout=timeout)

    def command(self, argv: Sequence[str], *, tty: bool) -> Command:  # noqa: ARG002 - this terminal is theirs already
        return Command(tuple(argv), env=self._environment)

    def size(self, path: PurePosixPath) -> int | None:
        try:
            return Path(path).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        try:
            with open(path, "rb") as stream:
                stream.seek(offset)
                return stream.read(-1 if limit is None else limit)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def folders(self, folder: PurePosixPath) -> tuple[str, ...]:
        try:
            return tuple(sorted(path.name for path in Path(folder).iterdir() if path.is_dir()))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        return tuple(sorted(_walk(Path(folder), ""), key=lambda entry: entry.path))


def _walk(folder: Path, prefix: str) -> Iterator[FileEntry]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{prefix}{entry.name}/")
        else:
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # replaced while we look: a program at work does that
                continue
            if stat.S_ISREG(found.st_mode):
                yield FileEntry(prefix + entry.name, found.st_size, found.st_mtime_ns, stat.S_IMODE(found.st_mode))
