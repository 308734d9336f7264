"""A series as a drawing: a line in a box of fixed size, and the numbers at its edges."""

from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cynthus.plots.series import Series

WIDTH, HEIGHT = 460, 230
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 10, 40
"""Room beside the line, for the numbers."""
_TICKS = 5
_MOST = sys.float_info.max


class Tick(Struct, frozen=True):
    """A number at an edge, and where."""

    at: float
    label: str


class Chart(Struct, frozen=True):
    """`path` is the line in the language of SVG; `end` where it ends."""

    name: str
    axis: str
    path: str
    end: tuple[float, float]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    last: str
    lowest: str
    highest: str
    count: int
    strange: int


def draw(series: Series) -> Chart:
    """The chart of a series that has a number."""
    points = list(series.points())
    right, top = _Scale(min(p.x for p in points), max(p.x for p in points)), _Scale(series.lowest, series.highest)

    def x(value: float) -> float:
        return round(LEFT + right.part(value) * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - top.part(value) * (HEIGHT - TOP - BOTTOM), 1)

    path = "M" + "L".join(f"{x(point.x):g} {y(point.y):g}" for point in points)
    return Chart(
        name=series.name,
        axis=series.axis,
        path=path,
        end=(x(points[-1].x), y(points[-1].y)),
        across=tuple(Tick(x(value), number(value)) for value in right.ticks()),
        up=tuple(Tick(y(value), number(value)) for value in top.ticks()),
        last=exact(series.last),
        lowest=exact(series.lowest),
        highest=exact(series.highest),
        count=series.count,
        strange=series.strange,
    )


class _Scale:
    """From the lowest to the highest value; where these are one, there is room around it."""

    def __init__(self, low: float, high: float) -> None:
        room = 0.0 if high > low else abs(low) * 0.1 or 1.0
        self._low, self._high = max(low - room, -_MOST), min(high + room, _MOST)
        # Halves, for the whole of it may be more than the largest number.
        self._half = self._high / 2 - self._low / 2

    def part(self, value: float) -> float:
        found = (value / 2 - self._low / 2) / self._half if self._half > 0 else 0.5
        return min(1.0, max(0.0, found)) if math.isfinite(found) else 0.5

    def ticks(self) -> list[float]:
        """A few round numbers."""
        rough = self._half / _TICKS * 2
        if not (math.isfinite(rough) and rough > 1e-300):
            return [self._low]
        size = 10.0 ** math.floor(math.log10(rough))
        step = next((size * each for each in (1, 2, 2.5, 5) if size * each >= rough), size * 10)
        # A hair more than the edges: three times 0.1 is more than 0.3.
        first, last = math.ceil(self._low / step - 1e-9), math.floor(self._high / step + 1e-9)
        found = [place * step for place in range(first, min(last, first + 2 * _TICKS) + 1)]
        return [value for value in found if math.isfinite(value)] or [self._low]


def exact(value: float) -> str:
    """The same for a table, which has room for whole numbers."""
    return f"{int(value):,}" if abs(value) < 1e15 and value == int(value) else number(value)


def number(value: float) -> str:
    """A number as short as it can be read: five digits, with a power of ten where it is far from one."""
    if value == 0:
        return "0"
    if 1e5 <= abs(value) < 1e6 or (value == int(value) and abs(value) < 1e5):
        return f"{value:.0f}"
    if 1e-4 <= abs(value) < 1e5:
        return f"{value:.5g}"
    return _POWER.sub(r"e\1", f"{value:.3g}".replace("e+", "e"))


_POWER = re.compile(r"e(-?)0*")
"""1e-07 is 1e-7."""
