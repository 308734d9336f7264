"""What a simulated cloud knows, in one file: each change is one line, and is there after a kill or is not there at all.

A line holds all that one request changed. A kill in the middle of a line leaves a line without its end, which is not
read. When the file is opened it is written anew without what is past. (A whole file for each change would make a cloud
of ten thousand resources write gigabytes.)
"""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from bisect import bisect_left, insort
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Document = dict[str, Any]
"""A resource as JSON has it. One that a store gave is not changed in place: a changed copy is put."""


class StateTaken(Exception):
    """Another simulation that runs has this state."""


class Store:
    """Collections of documents by key. Keys are in order. One store at a time has a file.

    Raises:
        StateTaken: another one has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._collections: dict[str, dict[str, Document]] = {}
        self._order: dict[str, list[str]] = {}
        self._pending: list[tuple[str, str, Document | None]] = []
        self._before: list[tuple[str, str, Document | None]] = []
        self._depth = 0
        mine = _claim(path)
        self._read()
        self._write_anew()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self.close = weakref.finalize(self, _close, self._file, mine)
        """Write nothing more. It happens by itself when nobody has the store any more."""

    @contextmanager
    def change(self) -> Iterator[None]:
        """All changes of the block together, or none where it raises. Nobody else changes anything meanwhile."""
        with self.lock:
            self._depth += 1
            began = len(self._before)
            try:
                yield
            except BaseException:
                self._undo(began)
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._flush()

    def get(self, collection: str, key: str) -> Document | None:
        return self._collections.get(collection, {}).get(key)

    def put(self, collection: str, key: str, document: Document) -> None:
        with self.change():
            self._set(collection, key, document)

    def remove(self, collection: str, key: str) -> None:
        with self.change():
            self._set(collection, key, None)

    def keys(self, collection: str, prefix: str = "", after: str = "", most: int = 0) -> list[str]:
        """Those that begin so and come after that one, at most so many (0: all)."""
        with self.lock:
            order = self._order.get(collection, [])
            begin = bisect_left(order, max(prefix, after))
            found: list[str] = []
            for index in range(begin, len(order)):
                key = order[index]
                if not key.startswith(prefix) or (most and len(found) == most):
                    break
                if key != after or not after:
                    found.append(key)
            return found

    def items(self, collection: str, prefix: str = "") -> list[tuple[str, Document]]:
        with self.lock:
            documents = self._collections.get(collection, {})
            return [(key, documents[key]) for key in self.keys(collection, prefix)]

    def size(self, collection: str) -> int:
        return len(self._collections.get(collection, {}))

    def _set(self, collection: str, key: str, document: Document | None) -> None:
        self._before.append((collection, key, self.get(collection, key)))
        self._pending.append((collection, key, document))
        self._place(collection, key, document)

    def _place(self, collection: str, key: str, document: Document | None) -> None:
        documents = self._collections.setdefault(collection, {})
        order = self._order.setdefault(collection, [])
        if document is None:
            if documents.pop(key, None) is not None:
                del order[bisect_left(order, key)]
            return
        if key not in documents:
            insort(order, key)
        documents[key] = document

    def _undo(self, began: int) -> None:
        for collection, key, document in reversed(self._before[began:]):
            self._place(collection, key, document)
        del self._before[began:]
        del self._pending[began:]

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        self._before.clear()
        # A request that comes too late must not write to a file that by now has this one's number.
        if pending and self.close.alive:
            line = memoryview(msgspec.json.encode(pending) + b"\n")
            while line:
                line = line[os.write(self._file, line) :]

    def _read(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    for collection, key, document in msgspec.json.decode(line):
                        self._place(collection, key, document)

    def _write_anew(self) -> None:
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("wb") as file:
            for collection, documents in self._collections.items():
                for key, document in documents.items():
                    file.write(msgspec.json.encode([(collection, key, document)]) + b"\n")
        os.replace(beside, self.path)


def _claim(path: Path) -> int:
    """Hold what says that a state is somebody's: the system lets go of it when the process ends, however it does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise StateTaken(f"another simulation has {path}: stop it, or take another file") from error
    return held


def _close(*descriptors: int) -> None:
    for each in descriptors:
        os.close(each)
