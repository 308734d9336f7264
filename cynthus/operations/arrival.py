"""A file on its way home: it goes on where an earlier pull was cut off, and each piece is checked against the host's
own checksum."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path, PurePosixPath

    from cynthus.targets.connection import Connection, FileEntry

CHUNK = 1 << 20
"""Bytes read at once."""
PIECE = 64 * CHUNK
"""Bytes checked at once: what a host sums up in less than a second, for it answers nothing else meanwhile."""
TRIES = 3
"""How often a piece is read that turns out to be another one than the host has."""


class Arrival:
    """Brings one file to `partial`. `tell` hears how many of its bytes are there.

    Checksums and not times decide what is kept of an earlier attempt: whatever changed meanwhile, it is noticed.
    """

    def __init__(
        self, connection: Connection, source: PurePosixPath, file: FileEntry, partial: Path,
        tell: Callable[[int], None], *, piece: int = PIECE,
    ) -> None:
        self._connection = connection
        self._source = source
        self._file = file
        self._partial = partial
        self._tell = tell
        self._piece = piece
        self._end = file.size
        self._sums: list[tuple[int, int, str]] = []
        """Where each piece begins, its bytes and its checksum."""
        self._changed = False

    def copy(self, beginning: bytes, earlier: Path | None) -> bool:
        """Whether the file was still there at the end. `beginning` is checked already; `earlier` is a version of the
        file at home, from which is taken what has not changed.

        Raises:
            OSError: it cannot be read or written, or changes again and again while it comes.
        """
        with _opened(self._partial) as stream:
            if beginning:
                stream.truncate(0)
                stream.write(beginning)
            else:
                self._keep(stream, earlier)
            whole = self._rest(stream)
            if whole and self._changed:
                # It may have been replaced by a longer one: that comes whole, too.
                self._end = max(self._end, self._connection.size(self._source) or 0)
                whole = self._rest(stream)
            for _ in range(TRIES):
                if not whole or not self._changed or self._as_there(stream):
                    break
                whole = self._rest(stream)
            else:
                raise self._restless()
            stream.flush()
            os.fsync(stream.fileno())
        return whole

    def _keep(self, stream: IO[bytes], earlier: Path | None) -> None:
        """Go on behind what is here already, as far as it is right."""
        stream.truncate(min(os.fstat(stream.fileno()).st_size, self._file.size))
        here = os.fstat(stream.fileno()).st_size
        while (at := stream.tell()) < here:
            if not self._checked(stream, at, min(self._piece, here - at)):
                return
        if earlier is None or here:
            return
        with _read(earlier) as old:
            while size := _copied(old, stream, min(self._piece, self._file.size - stream.tell())):
                if not self._checked(stream, stream.tell() - size, size):
                    return

    def _checked(self, stream: IO[bytes], at: int, size: int) -> bool:
        """Whether the host has the same there; else it is cut off."""
        digest = _digest(stream, at, size)
        found = self._connection.sums([(self._source, at, size)])[0]
        if found is None or (found.digest, found.size) != (digest, size):
            stream.seek(at)
            stream.truncate()
            return False
        self._sums.append((at, size, digest))
        self._changed = found.mtime_ns != self._file.mtime_ns
        self._tell(stream.tell())
        return True

    def _rest(self, stream: IO[bytes]) -> bool:
        """Read on to the end. What is added meanwhile comes the next time, together with the time of that change."""
        while (at := stream.tell()) < self._end:
            for _ in range(TRIES):
                got = self._read(stream, at)
                if not got:
                    # Shorter by now, or gone.
                    return self._connection.size(self._source) is not None
                if self._checked(stream, at, got):
                    break
            else:
                raise self._restless()
        return True

    def _read(self, stream: IO[bytes], at: int) -> int:
        """Write the next piece; gives its bytes."""
        end = min(at + self._piece, self._end)
        while (here := stream.tell()) < end:
            data = self._connection.read(self._source, offset=here, limit=min(CHUNK, end - here))
            if not data:
                break
            stream.write(data)
            self._tell(stream.tell())
        return stream.tell() - at

    def _as_there(self, stream: IO[bytes]) -> bool:
        """Whether all pieces are still those of the host, which has written to the file since it was listed. One after
        the other they could be of two versions. From the first that is not on they are cut off."""
        before, self._sums = self._sums, []
        return len(before) < 2 or all(self._checked(stream, at, size) for at, size, _ in before)

    def _restless(self) -> OSError:
        return OSError(errno.EBUSY, "Changes again and again while it is copied", str(self._source))


def append(connection: Connection, source: PurePosixPath, stream: IO[bytes], *, piece: int = PIECE) -> None:
    """Add to `stream`, which is the beginning of a log, what has been added to that since.

    Raises:
        OSError: it cannot be read or written, or what came is not what the host has.
    """
    while added := _appended(connection, source, stream, piece):
        at, digest = added
        found = connection.sums([(source, at, stream.tell() - at)])[0]
        if found is None or found.digest != digest:
            stream.truncate(at)
            raise OSError(errno.EIO, "Did not come as it is on the host", str(source))


def _appended(connection: Connection, source: PurePosixPath, stream: IO[bytes], limit: int) -> tuple[int, str] | None:
    """Where the next piece begins, and its checksum; None where there is none."""
    at, digest = stream.tell(), hashlib.sha256()
    while (left := at + limit - stream.tell()) and (
        data := connection.read(source, offset=stream.tell(), limit=min(CHUNK, left))
    ):
        stream.write(data)
        digest.update(data)
    stream.flush()
    return (at, digest.hexdigest()) if stream.tell() > at else None


def _digest(stream: IO[bytes], at: int, size: int) -> str:
    """The checksum of a part; what follows it is read or written next."""
    stream.seek(at)
    digest = hashlib.sha256()
    while left := at + size - stream.tell():
        data = stream.read(min(CHUNK, left))
        if not data:
            break
        digest.update(data)
    return digest.hexdigest()


def _copied(source: IO[bytes], stream: IO[bytes], limit: int) -> int:
    """Write up to `limit` bytes; gives how many there were."""
    begin = stream.tell()
    while data := source.read(min(CHUNK, begin + limit - stream.tell())):
        stream.write(data)
    return stream.tell() - begin


def _opened(partial: Path) -> IO[bytes]:
    """What is there of the file, or nothing yet. Nothing that has a second name is written to, and no link followed."""
    try:
        found = partial.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            partial.unlink()
    except FileNotFoundError:
        pass
    return open(partial, "r+b", opener=lambda path, _: os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666))


def _read(earlier: Path) -> IO[bytes]:
    return open(earlier, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK))
