"""Small files, which come many at a time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cynthus.operations.arrival import CHUNK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.operations.fetch import Pair
    from cynthus.targets.connection import FileEntry

SMALL = 1 << 16
"""Bytes of a file up to which it is asked for together with others: a host far away takes long for each question."""
_TOGETHER = 250
"""How many files at most are asked for together."""


class Ahead:
    """Asks for small files before their turn, as many at a time as come in one piece."""

    def __init__(self, pair: Pair, files: Sequence[FileEntry]) -> None:
        self._pair = pair
        self._waiting = [file for file in reversed(files) if file.link is None and file.size <= SMALL]
        self._here: dict[str, bytes | OSError | None] = {}

    def beginning(self, file: FileEntry) -> bytes | None:
        """What is known of the file already, b'' where it has to be asked for; None where it is gone.

        Raises:
            OSError: it cannot be read.
        """
        if file.path not in self._here:
            if not self._waiting or self._waiting[-1] != file:
                return b""
            self._ask()
        found = self._here.pop(file.path)
        if isinstance(found, OSError):
            raise found
        return found

    def _ask(self) -> None:
        batch: list[FileEntry] = []
        total = 0
        while self._waiting and len(batch) < _TOGETHER and total <= CHUNK:
            batch.append(self._waiting.pop())
            total += batch[-1].size
        # One that was replaced by a longer one since it was listed comes whole all the same.
        found = self._pair.connection.read_several([(self._pair.source / file.path, SMALL + 1) for file in batch])
        whole = (b"" if isinstance(each, bytes) and len(each) > SMALL else each for each in found)
        self._here = {file.path: each for file, each in zip(batch, whole, strict=True)}
        self._check()

    def _check(self) -> None:
        """What is not as the host has it is asked for once more, on its own."""
        data = {path: each for path, each in self._here.items() if isinstance(each, bytes) and each}
        if not data:
            return
        sums = self._pair.connection.sums([(self._pair.source / path, 0, len(each)) for path, each in data.items()])
        for (path, each), found in zip(data.items(), sums, strict=True):
            if found is None or found.digest != hashlib.sha256(each).hexdigest():
                self._here[path] = b""
