"""The agent's own way into a bucket that is a folder. `cynthus.storage.local` reads what this writes, and the other way
round."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.ledger import Sign, sign_of
from cynthus.files import replace_with, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_CHUNK = 1 << 20


class Changed(Exception):
    """A file that was changed while it was sent, or that is gone."""


class Stopped(Exception):
    """Nobody wants it to be sent any more."""


class Bucket(NamedTuple):
    """A folder, and our name in its place for what is on its way. `go_on` is asked at each piece of a large file."""

    root: Path
    sender: str
    go_on: Callable[[], bool]

    def send(self, key: str, file: str, sign: Sign) -> str:
        """Put a version of a file there; gives its SHA-256. Its time comes along.

        Raises:
            Changed: the file is not that version, or was not until the end.
            OSError: it cannot be read, or not be written.
        """
        try:
            checksum = self._put(key, self._read(file, sign))
        except FileNotFoundError as error:
            if error.filename == file:
                raise Changed from None
            raise
        with suppress(OSError):
            os.utime(self.root / key, ns=(sign.mtime_ns, sign.mtime_ns))
        return checksum

    def put(self, key: str, data: bytes) -> None:
        """Raises: OSError."""
        self._put(key, iter([data]))

    def size(self, key: str) -> int | None:
        """None where there is nothing."""
        try:
            return (self.root / key).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, prefix: str) -> list[str]:
        """What is directly below a prefix, in order."""
        try:
            return sorted(os.listdir(self.root / prefix))  # noqa: PTH208 - only their names are wanted
        except (FileNotFoundError, NotADirectoryError):
            return []

    def settle(self, keys: set[str]) -> None:
        """Make the names survive a power cut."""
        for folder in {(self.root / key).parent for key in keys}:
            sync_folder(folder)

    def sweep(self) -> None:
        """Delete what an earlier sender of the same name had on its way when it was killed."""
        for name in self.names(".uploads/"):
            if name.startswith(f"{self.sender}."):
                (self.root / ".uploads" / name).unlink(missing_ok=True)

    def _put(self, key: str, data: Iterator[bytes]) -> str:
        if not self.root.is_dir():
            # Not made: it may be a share that is not mounted just now.
            raise FileNotFoundError(2, "the folder is gone", str(self.root))
        self._make_way(key)
        partial = self.root / ".uploads" / f"{self.sender}.{os.urandom(4).hex()}"
        return replace_with(self.root / key, data, partial=partial)

    def _make_way(self, key: str) -> None:
        """What is a folder here may have been a file when it was sent, or the other way round. That is kept."""
        target = self.root / key
        obstacles = [target] if target.is_dir() else [
            each for each in target.parents[: key.count("/")] if each.is_file()
        ]
        for each in obstacles:
            os.replace(each, each.with_name(f"{each.name}.before-{os.urandom(4).hex()}"))

    def _read(self, file: str, sign: Sign) -> Iterator[bytes]:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0) as stream:
            while True:
                data = stream.read(_CHUNK)
                # After each piece, so that none of another version is taken for one of this.
                if sign_of(os.fstat(stream.fileno())) != sign:
                    raise Changed
                if not data:
                    return
                if not self.go_on():
                    raise Stopped
                yield data
