"""A series as a few characters of text, for a terminal."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cynthus.plots.chart import exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.plots.series import Series

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 32
LONGEST = 24
"""Characters of a name."""


def lines(several: Sequence[Series]) -> list[str]:
    """A line for each: its name, how it went, and its last, lowest and highest value."""
    names = [_fit(each.name) for each in several]
    width = max(map(len, names), default=0)
    return [f"{name:<{width}}  {_told(each)}" for name, each in zip(names, several, strict=True)]


def _told(series: Series) -> str:
    if series.count == 1:
        return exact(series.last)
    edges = f"last {exact(series.last)}  min {exact(series.lowest)}  max {exact(series.highest)}"
    return f"{spark(series.heights()):<{WIDTH}}  {edges}"


def spark(heights: Sequence[float]) -> str:
    """Bars for at most so many places, from the lowest to the highest."""
    count = min(WIDTH, len(heights))
    cuts = [len(heights) * place // count for place in range(count + 1)]
    parts = [heights[begin:end] for begin, end in pairwise(cuts)]
    means = [sum(value / len(part) for value in part) for part in parts]
    low, high = min(means), max(means)
    half = high / 2 - low / 2
    return "".join(BARS[round((mean / 2 - low / 2) / half * (len(BARS) - 1)) if half > 0 else 3] for mean in means)


def _fit(name: str) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 3]}..."
