"""Pieces that go out over a connection that may break: the last of them are kept, to be sent again."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from requests import ConnectionError  # noqa: A004 - what a cut is told by, and treated as one

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE = 1 << 20


class SourceFailed(Exception):
    """Where the pieces come from there is an error, which is the cause. Nothing that a connection may raise."""


class Feed:
    """`source` by offset, forwards, and back by `window` bytes at least. The last piece is given only when the source
    has ended well."""

    def __init__(self, source: Iterable[bytes], *, window: int) -> None:
        self._source = _small(source)
        self._window = window
        self._kept: deque[bytes] = deque()
        self._begin = 0
        self.end = 0
        """How far it was read."""
        self.ended = False
        self._in_hand: bytes | None = None

    def begins_at(self, offset: int) -> bool:
        """Whether what comes from there on can be given."""
        return self._begin <= offset <= self.end

    def forget(self, before: int) -> None:
        while self._kept and self._begin + len(self._kept[0]) <= before:
            self._begin += len(self._kept.popleft())

    def fill(self, until: int) -> None:
        """Read on, all of it to be kept. Raises: SourceFailed."""
        while not self.ended and self.end < until:
            self._read()

    def pieces(self, begin: int, end: int) -> Iterator[bytes]:
        """What is between two offsets.

        Raises:
            SourceFailed: as it says.
            ConnectionError: of what begins there not all is kept: who sends asks how much has come, and goes on there.
        """
        if not self.begins_at(begin):
            raise ConnectionError(f"what comes from byte {begin} on is not kept any more")
        at = self._begin
        for piece in list(self._kept):
            if at < end and at + len(piece) > begin:
                yield piece[max(0, begin - at) : end - at]
            at += len(piece)
        while self.end < end and not self.ended:
            at = self.end
            fresh = self._read()
            self.forget(self.end - self._window)
            if fresh is not None:
                yield fresh[: end - at]

    def _read(self) -> bytes | None:
        try:
            piece, self._in_hand = self._in_hand, next(self._source, None)
            if piece is None and self._in_hand is not None:
                piece, self._in_hand = self._in_hand, next(self._source, None)
        except BaseException as error:
            raise SourceFailed from error
        self.ended = self._in_hand is None
        if piece is not None:
            self._kept.append(piece)
            self.end += len(piece)
        return piece


def _small(source: Iterable[bytes]) -> Iterator[bytes]:
    for piece in source:
        # Parts of it are no copies. mypy takes one for the other, too.
        view: bytes = memoryview(piece)  # type: ignore[assignment]
        for begin in range(0, len(view), _PIECE):
            yield view[begin : begin + _PIECE]
