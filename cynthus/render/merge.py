"""Three-way merge: what the user changed and what we changed since the same base, brought together.

Nothing is ever guessed: where both changed the same place in different ways there is no result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cynthus.render.documents import merge_documents
from cynthus.render.lists import merge_lists

Lines = Sequence[bytes]


class Hunk(Struct, frozen=True):
    """Lines `start` to `end` (exclusive) of the base, replaced by `lines`. An insertion has `start == end`."""

    start: int
    end: int
    lines: Lines

    def meets(self, start: int, end: int) -> bool:
        """Whether it overlaps or touches those lines. Changes side by side were made without sight of each other."""
        return self.start <= end and start <= self.end


def merge(path: str, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The user's file with our changes in it, or None where the two contradict each other.

    JSON merges by its keys, requirements by their packages, any other text by its lines, anything else not at all.
    """
    if theirs in (base, ours):
        return ours
    if ours == base:
        return theirs
    if path.endswith(".json"):
        return merge_documents(base, ours, theirs)
    if any(b"\0" in content for content in (base, ours, theirs)):
        return None
    if path == "requirements.txt":
        return merge_lists(base, ours, theirs)
    return merge_lines(base, ours, theirs)


def merge_lines(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The same for text, line by line."""
    old = _lines(base)
    left, right = _hunks(old, _lines(ours)), _hunks(old, _lines(theirs))
    merged: list[bytes] = []
    done = 0
    for start, end, mine, yours in _clusters(left, right):
        merged += old[done:start]
        one, other = _applied(old, start, end, mine), _applied(old, start, end, yours)
        if mine and yours and one != other:
            return None
        merged += one if mine else other
        done = end
    return b"".join([*merged, *old[done:]])


def _lines(content: bytes) -> list[bytes]:
    """Lines with their ends. Only a newline ends a line: a lone carriage return is a character like any other."""
    parts = content.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _hunks(old: Lines, new: Lines) -> list[Hunk]:
    from difflib import SequenceMatcher

    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [Hunk(start, end, new[low:high]) for kind, start, end, low, high in codes if kind != "equal"]


def _clusters(left: list[Hunk], right: list[Hunk]) -> Iterator[tuple[int, int, list[Hunk], list[Hunk]]]:
    """Hunks that meet, taken together: the stretch of the base, and each side's hunks in it."""
    left, right = list(left), list(right)
    while left or right:
        first = min((side[0] for side in (left, right) if side), key=lambda hunk: (hunk.start, hunk.end))
        start, end = first.start, first.end
        mine: list[Hunk] = []
        yours: list[Hunk] = []
        while True:
            if left and left[0].meets(start, end):
                taken = left.pop(0)
                mine.append(taken)
            elif right and right[0].meets(start, end):
                taken = right.pop(0)
                yours.append(taken)
            else:
                break
            end = max(end, taken.end)
        yield start, end, mine, yours


def _applied(old: Lines, start: int, end: int, hunks: list[Hunk]) -> list[bytes]:
    """Lines `start` to `end` of the base, with one side's changes."""
    lines: list[bytes] = []
    for hunk in hunks:
        lines += [*old[start : hunk.start], *hunk.lines]
        start = hunk.end
    return [*lines, *old[start:end]]
