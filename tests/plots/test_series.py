from __future__ import annotations

import math
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.plots.series import MOST, Point, Series


def series(*values: float) -> Series:
    made = Series("loss", "step")
    for place, value in enumerate(values):
        made.add(place, value)
    return made


def test_a_few_points_are_all_drawn() -> None:
    assert list(series(3, 1, 2).points()) == [Point(0, 3), Point(1, 1), Point(2, 2)]


def test_of_many_each_peak_is_drawn() -> None:
    values = [0.0] * 100_000
    values[77_777], values[31_234] = 9.0, -9.0
    drawn = list(series(*values).points())
    assert (Point(77_777, 9.0) in drawn, Point(31_234, -9.0) in drawn, len(drawn) <= 4 * MOST) == (True, True, True)


def test_a_million_values_take_no_more_room_than_a_thousand() -> None:
    made = Series("loss", "step")
    tracemalloc.start()
    for place in range(300_000):
        made.add(place, place % 1000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (made.count, most < 2_000_000) == (300_000, True)


@pytest.mark.parametrize("strange", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_counted_and_not_drawn(strange: float) -> None:
    made = series(1, strange, 2)
    assert (made.count, made.strange, len(list(made.points()))) == (2, 1, 2)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=3 * MOST))
def test_last_lowest_and_highest_are_those_of_all(values: list[float]) -> None:
    made = series(*values)
    assert (made.last, made.lowest, made.highest) == (values[-1], min(values), max(values))


def test_what_is_added_after_a_look_counts_too() -> None:
    made = series(*range(5 * MOST))
    before = made.last
    made.add(5 * MOST, -1)
    assert (before, made.last, made.lowest) == (5 * MOST - 1, -1, -1)


def test_the_largest_numbers_that_there_are_have_a_middle() -> None:
    assert series(1.0, 1e308).heights()[-1] < math.inf
    assert series(1.7e308, 1.7e308).heights() == [1.7e308] * len(series(1.7e308, 1.7e308).heights())
