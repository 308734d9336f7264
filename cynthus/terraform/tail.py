"""Reads a file that another process is still writing."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 16


class Tail:
    """The lines of `stream` as they are completed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._unfinished = b""

    def lines(self) -> Iterator[bytes]:
        """The lines that were completed since the last call, without their ends."""
        while chunk := self._stream.read(CHUNK):
            *whole, self._unfinished = (self._unfinished + chunk).split(b"\n")
            yield from whole

    def rest(self) -> bytes:
        """A last line that was never completed."""
        rest, self._unfinished = self._unfinished, b""
        return rest
