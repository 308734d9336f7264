"""Pieces of bytes that come one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def up_to(most: int, pieces: Iterator[bytes]) -> tuple[list[bytes], bool]:
    """What comes first, a little more than `most` bytes of it at most, and whether that is all."""
    first: list[bytes] = []
    size = 0
    for piece in pieces:
        first.append(piece)
        size += len(piece)
        if size > most:
            return first, False
    return first, True


def given(pieces: list[bytes]) -> Iterator[bytes]:
    """Each of them, and none is kept."""
    pieces.reverse()
    while pieces:
        yield pieces.pop()
