"""What sending and fetching have in common: how far it is, what came of it, and whether two contents are the same."""

from __future__ import annotations

import threading
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from cynthus.errors import BucketFailed
from cynthus.storage.crowd import Crowd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cynthus.storage.base import Bucket, Stored
    from cynthus.storage.tree import LeftOut

Task = TypeVar("Task")
Found = TypeVar("Found")

THREADS = 32
_SHOWN = 10
"""How many of those that failed are named."""


class Moved(Struct):
    """How far it is. Bytes are those that had to be moved: what was there already does not count."""

    files: int = 0
    files_in_all: int = 0
    bytes: int = 0
    """Also of files that are on their way."""


def silent(_: Moved) -> None:
    """Tell nobody."""


class Job:
    """The work of several threads, and how far it is."""

    def __init__(self) -> None:
        self.moved = Moved()
        self.go_on: Callable[[], None] = _always
        """To be called while something is on its way. Raises: Stopped."""
        self._lock = threading.Lock()

    def results(
        self, tasks: Sequence[Task], work: Callable[[Task], Found], threads: int, tell: Callable[[Moved], None]
    ) -> Iterator[Found]:
        """What `work` gives, as it comes. `tell` is called often, in the thread that asks for the results."""
        crowd = Crowd(tasks, work, threads=max(1, min(threads, len(tasks))))
        self.go_on = crowd.go_on
        self.moved.files_in_all = len(tasks)
        for result in crowd.results():
            if result is not None:
                yield result
            tell(self.moved)

    def counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same, and they count as moved unless they break off."""
        count = 0
        try:
            for piece in pieces:
                self.go_on()
                count += len(piece)
                self._count(len(piece))
                yield piece
        except BaseException:
            self._count(-count)
            raise

    def _count(self, size: int) -> None:
        with self._lock:
            self.moved.bytes += size


def _always() -> None:
    """Nobody has stopped it."""


class Report(Struct, frozen=True):
    """What came of it. `beside`: files here that were changed and so were kept; the bucket's version lies beside each,
    under the name that is given."""

    moved: int
    unchanged: int
    bytes: int
    deleted: int = 0
    left_out: tuple[LeftOut, ...] = ()
    beside: tuple[str, ...] = ()


def digest(pieces: Iterable[bytes]) -> str:
    """Their SHA-256."""
    found = sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def crc32c(pieces: Iterable[bytes]) -> int:
    """Of a file that an object is compared with of which only this is known."""
    # Such an object comes from Google, so its package is there.
    from google_crc32c import Checksum

    found = Checksum()
    for piece in pieces:
        found.update(piece)
    return int.from_bytes(found.digest(), "big")


def same(bucket: Bucket, there: Stored, size: int, pieces: Callable[[], Iterable[bytes]]) -> str | None:
    """The SHA-256 of what an object and a file have in common, '' where only the crc32c is known, None where they
    differ."""
    if there.size != size:
        return None
    if there.checksum is None and there.crc32c is not None:
        return "" if crc32c(pieces()) == there.crc32c else None
    known = there if there.checksum else bucket.find(there.key)
    mine = digest(pieces())
    return mine if known and known.version == there.version and known.checksum == mine else None


def failure(what: str, failed: Sequence[LeftOut], hint: str) -> BucketFailed:
    """That some files could not be moved, while all others were."""
    more = [f"and {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else []
    count = "1 file" if len(failed) == 1 else f"{len(failed)} files"
    return BucketFailed(f"{count} could not be {what}", hint=hint, details=[*map(str, failed[:_SHOWN]), *more])
