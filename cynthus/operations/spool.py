"""What a look through a cloud has found, on disk: the same is shown, asked about and removed, however much it is."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from cynthus.core.leftover import Leftover
from cynthus.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Spool:
    """A line for each leftover, in the order in which they were found."""

    def __init__(self, file: BinaryIO, folder: Path) -> None:
        self._file = file
        self._folder = folder
        self._decode = msgspec.json.Decoder(Leftover).decode

    def add(self, leftover: Leftover) -> None:
        """Raises: DiskFull, FolderNotWritable."""
        with writing(self._folder):
            self._file.write(msgspec.json.encode(leftover) + b"\n")

    def __iter__(self) -> Iterator[Leftover]:
        # Each goes through it by itself: one may begin before another is at its end.
        with writing(self._folder):
            self._file.flush()
        position = 0
        while True:
            self._file.seek(position)
            line = self._file.readline()
            position = self._file.tell()
            if not line:
                return
            yield self._decode(line)


@contextmanager
def spool(folder: Path) -> Iterator[Spool]:
    """An empty one, in a file without a name: nothing stays of it, however the block ends.

    Raises:
        FolderNotWritable: no file can be made there.
    """
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the block below closes it
    with file:
        yield Spool(file, folder)
