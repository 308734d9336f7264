"""A bucket that lives as long as its object: for tests, and for what is needed for a moment."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import BucketFailed
from cynthus.storage.arriving import Arriving
from cynthus.storage.base import ABSENT, Stored, checked, overtaken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PLACE = "this bucket in memory"
_CHUNK = 1 << 20


class _Object(Struct, frozen=True):
    stored: Stored
    content: bytes


class MemoryBucket:
    """Nothing of it survives the process."""

    def __init__(self) -> None:
        self._objects: dict[str, _Object] = {}
        self._lock = threading.Lock()
        # What was put into another bucket is not taken for ours.
        self._name = os.urandom(4).hex()
        self._count = 0

    def check(self, key: str) -> None:
        checked(key)

    def put(
        self,
        key: str,
        data: Iterable[bytes],
        *,
        checksum: str | None = None,
        size: int | None = None,
        over: str | None = None,
        mode: int | None = None,
    ) -> Stored:
        arriving = Arriving(checked(key), data, checksum=checksum, size=size)
        content = b"".join(arriving)
        with self._lock:
            self._compare(key, over)
            self._count += 1
            stored = Stored(key, len(content), arriving.checksum, None, f"{self._name}-{self._count}", mode)
            self._objects[key] = _Object(stored, content)
        return stored

    def get(self, key: str, *, offset: int = 0, version: str | None = None) -> Iterator[bytes]:
        found = self._objects.get(checked(key))
        if found is None:
            raise BucketFailed(f"{key} is not in {_PLACE}", hint="look at what is there: it may have another name")
        if version not in (None, found.stored.version):
            raise overtaken(key, _PLACE)
        for begin in range(offset, len(found.content), _CHUNK):
            yield found.content[begin : begin + _CHUNK]

    def find(self, key: str) -> Stored | None:
        found = self._objects.get(checked(key))
        return found.stored if found else None

    def list(self, prefix: str = "") -> Iterator[Stored]:
        with self._lock:
            found = [each.stored for key, each in self._objects.items() if key.startswith(prefix)]
        yield from sorted(found, key=lambda each: each.key)

    def delete(self, key: str, *, over: str | None = None) -> bool:
        with self._lock:
            self._compare(checked(key), over)
            return self._objects.pop(key, None) is not None

    def _compare(self, key: str, over: str | None) -> None:
        found = self._objects.get(key)
        if over not in (None, found.stored.version if found else ABSENT):
            raise overtaken(key, _PLACE)
