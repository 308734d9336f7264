"""A host that is gone, as far as it was saved in its bucket: it answers from there what the host itself would."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NoReturn

from cynthus.agent.layout import LOG_PART
from cynthus.errors import CynthusError, HostUnreachable
from cynthus.operations.saved_tree import SavedTree
from cynthus.targets.connection import FileEntry, Sum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cynthus.operations.saved_tree import SavedFile
    from cynthus.process import Command, Completed
    from cynthus.storage.base import Bucket
    from cynthus.targets.connection import Claim, Hold

_TOP = PurePosixPath("/")
_AT_ONCE = 16
"""How many small files are asked for side by side."""


class SavedHost:
    """A connection to the host of that `rank`. `address` is its bucket's; `opened` gives that, and the prefix in it.

    It was a machine: what would have to be done there raises HostUnreachable, and so does a bucket that says nothing.
    """

    python = "python3"

    def __init__(
        self, deployment: str, rank: int, name: str, address: str, opened: Callable[[], tuple[Bucket, str]]
    ) -> None:
        self._deployment = deployment
        self._rank = rank
        self._name = name
        self._address = address
        self._opened = opened
        self._reading: _Reading | None = None

    @cached_property
    def _tree(self) -> SavedTree:
        bucket, prefix = self._opened()
        return SavedTree(bucket, prefix, self._deployment, self._rank)

    def home(self, deployment: str) -> PurePosixPath:
        return _TOP / deployment

    def renew(self) -> None:
        """Nothing is ever open."""

    def hurry(self) -> None:
        """It does not come back, so nobody waits."""

    def hold(self, claim: Claim, *, within: float | None = None) -> Hold:  # noqa: ARG002 - as any host
        self._refuse()

    def let_go(self, deployment: str, token: str) -> None:
        """There is no lock."""

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None  # noqa: ARG002 - as any host
    ) -> Completed:
        self._refuse()

    def command(self, argv: Sequence[str], *, tty: bool) -> Command:  # noqa: ARG002 - as any host
        self._refuse()

    def forward(self, port: int, local_port: int) -> None:  # noqa: ARG002 - as any host
        self._refuse()

    def size(self, path: PurePosixPath) -> int | None:
        words = self._words(path)
        with self._told():
            if words == ("agent.pyz",):
                # By which it is known that anything of the deployment is there.
                return 0 if self._tree.holds_any else None
            found = self._tree.file(words)
            return None if found is None else found.size

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        with self._told():
            found = self._tree.file(self._words(path))
            if found is None:
                return None
            if self._reading is None or not self._reading.stands_at(path, offset):
                self._reading = _Reading(self._tree.bucket, path, found, offset)
            return self._reading.read(limit)

    def read_several(self, wanted: Sequence[tuple[PurePosixPath, int]]) -> tuple[bytes | OSError | None, ...]:
        # Imported where somebody reads: each command that looks at a run imports this module.
        from concurrent.futures import ThreadPoolExecutor

        with self._told(), ThreadPoolExecutor(_AT_ONCE) as pool:
            files = [(self._tree.file(self._words(path)), limit) for path, limit in wanted]
            return tuple(pool.map(partial(_beginning, self._tree.bucket), files))

    def sums(self, wanted: Sequence[tuple[PurePosixPath, int, int]]) -> tuple[Sum | None, ...]:
        with self._told():
            return tuple(self._sum(*each) for each in wanted)

    def folders(self, folder: PurePosixPath) -> tuple[str, ...]:
        with self._told():
            return tuple(self._tree.runs()) if self._words(folder) == ("runs",) else ()

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        with self._told():
            there = self._tree.below(self._words(folder))
            return tuple(
                FileEntry(path, one.size, one.mtime_ns, one.mode) for path, one in sorted(there.items())
            )

    def _sum(self, path: PurePosixPath, offset: int, size: int) -> Sum | None:
        found = self._tree.file(self._words(path))
        if found is None:
            return None
        end = min(offset + size, found.size)
        if offset == 0 and end == found.size and found.checksum is not None:
            # The host's own word.
            return Sum(found.checksum, end, found.mtime_ns)
        digest = self._reading and self._reading.digest(path, offset, end)
        if not digest:
            fresh = _Reading(self._tree.bucket, path, found, offset)
            while fresh.at < end and fresh.read(min(LOG_PART, end - fresh.at)):
                pass
            digest = fresh.digest(path, offset, end) or ""
        return Sum(digest, max(0, end - offset), found.mtime_ns)

    def _words(self, path: PurePosixPath) -> tuple[str, ...]:
        """What leads to a file as it is saved: an attempt of one host needs no rank."""
        words = path.parts[2:]
        return (*words[:4], *words[5:]) if words[2:3] == ("attempts",) else words

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except HostUnreachable:
            raise
        except CynthusError as error:
            said = f"{self._name} is gone, and what it saved cannot be read: {error.message}"
            raise HostUnreachable(said, hint=error.hint, details=error.details) from error

    def _refuse(self) -> NoReturn:
        raise HostUnreachable(
            f"the machine of {self._name} is gone; what it saved is in {self._address}",
            hint="`cynthus logs` and `cynthus pull` read it there; `cynthus run` makes another machine",
        )


class _Reading:
    """A file that is read on from where it was begun, with the checksum of what has been read so far."""

    def __init__(self, bucket: Bucket, path: PurePosixPath, file: SavedFile, offset: int) -> None:
        self._path = path
        self._begin = self.at = offset
        self._end = file.size
        self._data = _data(bucket, file, offset)
        self._rest = b""
        self._digest = hashlib.sha256()

    def stands_at(self, path: PurePosixPath, offset: int) -> bool:
        return (self._path, self.at) == (path, offset)

    def read(self, limit: int | None) -> bytes:
        """The next bytes: as many as that, if there are so many."""
        wanted = max(0, self._end - self.at)
        wanted = wanted if limit is None else min(limit, wanted)
        pieces, have = [self._rest], len(self._rest)
        while have < wanted:
            piece = next(self._data, b"")
            if not piece:
                break
            pieces.append(piece)
            have += len(piece)
        data = b"".join(pieces)
        found, self._rest = data[:wanted], data[wanted:]
        self.at += len(found)
        self._digest.update(found)
        return found

    def digest(self, path: PurePosixPath, begin: int, end: int) -> str:
        """That of a part, if it is the one that was read; what comes next is another part."""
        if (self._path, self._begin, self.at) != (path, begin, end):
            return ""
        found, self._digest, self._begin = self._digest.hexdigest(), hashlib.sha256(), end
        return found


def _data(bucket: Bucket, file: SavedFile, offset: int) -> Iterator[bytes]:
    """A file from a byte on."""
    if len(file.parts) == 1:
        part = file.parts[0]
        yield from bucket.get(part.key, offset=offset, version=part.version)
        return
    for part in file.parts:
        begin = int(part.key.rpartition("/")[2])
        if begin + part.size > offset:
            yield from bucket.get(part.key, offset=max(0, offset - begin), version=part.version)


def _beginning(bucket: Bucket, asked: tuple[SavedFile | None, int]) -> bytes | None:
    file, limit = asked
    if file is None:
        return None
    found = b""
    for piece in _data(bucket, file, 0):
        found += piece
        if len(found) >= limit:
            break
    return found[:limit]
