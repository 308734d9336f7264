"""What is on its way into a bucket: counted and hashed while it passes, and compared with what was announced."""

from __future__ import annotations

import threading
from hashlib import sha256
from queue import Queue
from typing import TYPE_CHECKING

from cynthus.storage.base import mismatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_AHEAD = 8
"""How many pieces may wait to be hashed."""


class Arriving:
    """The pieces of one object. `size` and `checksum` (SHA-256) are told once all of them have passed.

    With `aside` a thread of its own hashes: a large object need not take the time of sending and that of hashing.
    """

    def __init__(
        self, key: str, data: Iterable[bytes], *, checksum: str | None, size: int | None, aside: bool = False
    ) -> None:
        self._key = key
        self._data = data
        self._announced = checksum
        self._expected = size
        self._aside = aside
        self.size = 0
        self.checksum = ""

    def __iter__(self) -> Iterator[bytes]:
        """Raises: BucketFailed, after the last piece, where it is not what was announced, and once it is too much."""
        digest = _Aside() if self._aside else _Here()
        try:
            for piece in self._data:
                self.size += len(piece)
                if self._expected is not None and self.size > self._expected:
                    break
                digest.add(piece)
                yield piece
        finally:
            self.checksum = digest.end()
        if self._expected not in (None, self.size):
            raise mismatch(self._key, "size")
        if self._announced not in (None, self.checksum):
            raise mismatch(self._key, "checksum")


class _Here:
    def __init__(self) -> None:
        self._digest = sha256()

    def add(self, piece: bytes) -> None:
        self._digest.update(piece)

    def end(self) -> str:
        return self._digest.hexdigest()


class _Aside(_Here):
    """The same, by a thread that lives until the end."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: Queue[bytes | None] = Queue(_AHEAD)
        self._thread = threading.Thread(target=self._hash, daemon=True)
        self._thread.start()

    def add(self, piece: bytes) -> None:
        self._waiting.put(piece)

    def end(self) -> str:
        self._waiting.put(None)
        self._thread.join()
        return super().end()

    def _hash(self) -> None:
        while (piece := self._waiting.get()) is not None:
            self._digest.update(piece)
