"""A column of numbers that may be millions long, in bounded memory: no peak is smoothed away."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 512
"""How many stretches a series has at most; a chart is about as many pixels wide."""


class Point(NamedTuple):
    """One value, at its place."""

    x: float
    y: float


class _Stretch(NamedTuple):
    """Neighbours that are drawn as one: the first, the lowest, the highest and the last of them."""

    first: Point
    low: Point
    high: Point
    last: Point


class Series:
    """Numbers by name. `axis` is what x is called. `last`, `lowest` and `highest` are of all that were added."""

    def __init__(self, name: str, axis: str) -> None:
        self.name = name
        self.axis = axis
        self.count = 0
        self.strange = 0
        """How many were no finite numbers."""
        self._stretches: list[_Stretch] = []
        self._length = 1
        """How many values one of them is made of by now."""
        self._xs: list[float] = []
        self._ys: list[float] = []

    def add(self, x: float, y: float) -> None:
        """Add one more; what is not finite is only counted."""
        if not (isfinite(x) and isfinite(y)):
            self.strange += 1
            return
        self.count += 1
        self._xs.append(x)
        self._ys.append(y)
        if len(self._xs) >= self._length:
            self._close()

    def _close(self) -> None:
        """Make one of what was added since the last."""
        xs, ys = self._xs, self._ys
        if not xs:
            return
        low, high = ys.index(min(ys)), ys.index(max(ys))
        ends = Point(xs[0], ys[0]), Point(xs[low], ys[low]), Point(xs[high], ys[high]), Point(xs[-1], ys[-1])
        self._stretches.append(_Stretch(*ends))
        self._xs, self._ys = [], []
        if len(self._stretches) > MOST:
            self._halve()

    def _halve(self) -> None:
        pairs = [self._stretches[place : place + 2] for place in range(0, len(self._stretches), 2)]
        self._stretches = [
            _Stretch(pair[0].first, min((each.low for each in pair), key=_height),
                     max((each.high for each in pair), key=_height), pair[-1].last)
            for pair in pairs
        ]  # fmt: skip
        self._length *= 2

    def _all(self) -> list[_Stretch]:
        self._close()
        return self._stretches

    @property
    def last(self) -> float:
        return self._all()[-1].last.y

    @property
    def lowest(self) -> float:
        return min(each.low.y for each in self._all())

    @property
    def highest(self) -> float:
        return max(each.high.y for each in self._all())

    def points(self) -> Iterator[Point]:
        """What is to be drawn, in order: not all, but each peak."""
        for first, low, high, last in self._all():
            # In one stretch x grows, or else its middle is drawn in the order of x, which nobody can see.
            yield from dict.fromkeys((first, *sorted((low, high)), last))

    def heights(self) -> list[float]:
        """A value for each stretch, in order."""
        return [each.low.y / 2 + each.high.y / 2 for each in self._all()]


def _height(point: Point) -> float:
    return point.y
