"""The agent's own way into a bucket: what every bucket does, and one that is a folder. `cynthus.storage.local` reads
what that writes, and the other way round."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol

from cynthus.agent.ledger import Sign, sign_of
from cynthus.files import replace_with, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_CHUNK = 1 << 20
PIECE = 16 << 20
"""Bytes that are read at once."""


class Changed(Exception):
    """A file that was changed while it was sent, or that is gone."""


class Stopped(Exception):
    """Nobody wants it to be sent any more."""


class Paused(Exception):
    """Something more important waits. What has gone of the file is there, and the next time goes on from it."""


class Unavailable(OSError):
    """The bucket as a whole takes nothing; `filename` is its address, and `strerror` says why in words of ours."""


class Saved(NamedTuple):
    """What a bucket tells of what is there. `version` is that of no later one. `checksum` (SHA-256) and `version` are
    '', and `mtime_ns` is None, where nobody has said so."""

    size: int
    version: str = ""
    checksum: str = ""
    mode: int = 0o644
    mtime_ns: int | None = None


class Bucket(Protocol):
    """`lanes` is how many threads may send at once; `address` is as `bucket:` names it, but for a folder its path.

    Everything may raise Unavailable, or another OSError where the trouble is with what it is about; and Stopped.
    """

    lanes: int
    address: str

    def send(self, key: str, file: str, sign: Sign) -> str:
        """Put a version of a file there; gives its SHA-256. Its time comes along.

        Raises:
            Changed: the file is not that version, or was not until the end.
            Paused: it is a long one, and not all of it is there.
            OSError: it cannot be read, or not be written.
        """

    def put(self, key: str, data: bytes) -> None:
        """Put what is small."""

    def size(self, key: str) -> int | None:
        """None where there is nothing."""

    def holds_any(self, prefix: str) -> bool:
        """Whether there is anything below a prefix."""

    def last(self, prefix: str) -> str:
        """The last name directly below a prefix, '' where there is none."""

    def found(self, prefix: str) -> dict[str, Saved]:
        """All that is below a prefix, by its path there."""

    def piece(self, key: str, begin: int, one: Saved) -> bytes:
        """What it holds from a byte on: at least one."""

    def settle(self, keys: set[str]) -> None:
        """Make the names survive a power cut."""

    def sweep(self) -> None:
        """Delete what an earlier sender of the same name had on its way when it was killed."""

    def close(self) -> None:
        """Let go of what is open."""


class Folder:
    """A bucket that is a folder; `sender` is our name in its place for what is on its way. `go_on` is asked at each
    piece of a large file."""

    # A disk, or a share, writes one after the other as fast as several at once.
    lanes = 1

    def __init__(self, root: Path, sender: str, go_on: Callable[[], bool]) -> None:
        self.root = root
        self.sender = sender
        self.go_on = go_on
        self.address = str(root)

    def send(self, key: str, file: str, sign: Sign) -> str:
        try:
            checksum = self._put(key, read(file, sign, self.go_on))
        except OSError as error:
            if isinstance(error, FileNotFoundError) and error.filename == file:
                raise Changed from None
            if not self.root.is_dir():
                raise self._gone() from error
            raise
        with suppress(OSError):
            os.chmod(self.root / key, stat.S_IMODE(os.lstat(file).st_mode) | 0o600)  # noqa: PTH101 - beside the others
            os.utime(self.root / key, ns=(sign.mtime_ns, sign.mtime_ns))
        return checksum

    def put(self, key: str, data: bytes) -> None:
        self._put(key, iter([data]))

    def size(self, key: str) -> int | None:
        try:
            return (self.root / key).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def holds_any(self, prefix: str) -> bool:
        return bool(self._names(prefix))

    def last(self, prefix: str) -> str:
        return max(self._names(prefix), default="")

    def found(self, prefix: str) -> dict[str, Saved]:
        self._insist()
        top, there = str(self.root / prefix), dict[str, Saved]()
        with suppress(FileNotFoundError, NotADirectoryError):
            os.stat(top)  # noqa: PTH116 - a text, as below
            for folder, _, names in os.walk(top, onerror=_refuse):
                for path in (os.path.join(folder, name) for name in names):  # noqa: PTH118 - texts
                    one = os.lstat(path)
                    if stat.S_ISREG(one.st_mode):
                        version = f"{one.st_ino}-{one.st_mtime_ns}"
                        told = Saved(one.st_size, version, "", stat.S_IMODE(one.st_mode), one.st_mtime_ns)
                        there[os.path.relpath(path, top)] = told
        return there

    def piece(self, key: str, begin: int, one: Saved) -> bytes:
        self._insist()
        with open(self.root / key, "rb", buffering=0) as stream:
            stream.seek(begin)
            data = stream.read(min(PIECE, one.size - begin))
        if not data:
            raise OSError(errno.EIO, "it is shorter than it was", str(self.root / key))
        return data

    def settle(self, keys: set[str]) -> None:
        for folder in {(self.root / key).parent for key in keys}:
            sync_folder(folder)

    def sweep(self) -> None:
        for name in self._names(".uploads/"):
            if name.startswith(f"{self.sender}."):
                (self.root / ".uploads" / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing stays open."""

    def _names(self, prefix: str) -> list[str]:
        try:
            return os.listdir(self.root / prefix)  # noqa: PTH208 - only their names are wanted
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _insist(self) -> None:
        if not self.go_on():
            raise Stopped
        if not self.root.is_dir():
            raise self._gone()

    def _gone(self) -> Unavailable:
        return Unavailable(errno.ENOENT, "the folder is gone", str(self.root))

    def _put(self, key: str, data: Iterator[bytes]) -> str:
        if not self.root.is_dir():
            # Not made: it may be a share that is not mounted just now.
            raise self._gone()
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


def _refuse(error: OSError) -> None:
    """What cannot be listed is not nothing."""
    raise error


def read(file: str, sign: Sign, go_on: Callable[[], bool]) -> Iterator[bytes]:
    """That version of a file, in pieces.

    Raises:
        Changed: it is another one, or was not that one until the end.
        Stopped: nobody wants it any more.
        OSError: it cannot be read; `filename` is the file's.
    """
    with opened(file) as stream:
        yield from pieces(stream, file, sign, go_on)


def opened(file: str) -> IO[bytes]:
    """The file and not what a link in its place leads to.

    Raises:
        OSError: it cannot be read.
    """
    return open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0)


def pieces(stream: IO[bytes], file: str, sign: Sign, go_on: Callable[[], bool]) -> Iterator[bytes]:
    """What an open file has from where it stands; raises as `read` does."""
    while True:
        try:
            data = stream.read(_CHUNK)
            found = os.fstat(stream.fileno())
        except OSError as error:
            error.filename = file
            raise
        # After each piece, so that none of another version is taken for one of this.
        if sign_of(found) != sign:
            raise Changed
        if not data:
            return
        if not go_on():
            raise Stopped
        yield data
