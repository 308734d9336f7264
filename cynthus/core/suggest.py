"""Did-you-mean: the nearest of the words that would have been right."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 64
"""Comparing takes time by the square of the length, and no word of ours is longer."""


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The one of `known` that looks most like `word`, small and capital letters alike; None where none does."""
    spelled = {name.casefold(): name for name in known}
    found = get_close_matches(word[:LONGEST].casefold(), spelled, n=1, cutoff=cutoff)
    return spelled[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """`did you mean "x"?`, or '' where nothing known is near."""
    found = nearest(word, known, cutoff=cutoff)
    return f'did you mean "{found}"?' if found else ""
