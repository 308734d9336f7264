from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.plots.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, draw, exact, number
from cynthus.plots.series import Series
from cynthus.plots.sparkline import WIDTH as LINE
from cynthus.plots.sparkline import lines, spark

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def series(points: list[tuple[float, float]]) -> Series:
    made = Series("loss", "step")
    for x, y in points:
        made.add(x, y)
    return made


def test_the_line_goes_from_edge_to_edge() -> None:
    chart = draw(series([(0, 1), (10, 3)]))
    assert chart.path == f"M{LEFT} {HEIGHT - BOTTOM}L{WIDTH - RIGHT} {TOP}"
    assert chart.end == (WIDTH - RIGHT, TOP)


def test_the_numbers_at_the_edges_are_round() -> None:
    chart = draw(series([(0, 0.0003), (2000, 0.0)]))
    assert [tick.label for tick in chart.up] == ["0", "0.0001", "0.0002", "0.0003"]
    assert [tick.label for tick in chart.across] == ["0", "500", "1000", "1500", "2000"]


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=30))
def test_whatever_the_values_the_line_stays_in_its_box(points: list[tuple[float, float]]) -> None:
    chart = draw(series(points))
    places = [float(word) for word in re.findall(r"-?[0-9.]+(?:e-?[0-9]+)?", chart.path)]
    assert all(LEFT <= x <= WIDTH - RIGHT for x in places[::2])
    assert all(TOP <= y <= HEIGHT - BOTTOM for y in places[1::2])
    assert 1 <= len(chart.up) <= 12


@pytest.mark.parametrize(
    ("value", "short", "whole"),
    [(0, "0", "0"), (12345678, "1.23e7", "12,345,678"), (0.25, "0.25", "0.25"), (1e-7, "1e-7", "1e-7"),
     (-3, "-3", "-3"), (1e300, "1e300", "1e300"), (123456.78, "123457", "123457"),
     (-2.5e-300, "-2.5e-300", "-2.5e-300")],
)  # fmt: skip
def test_numbers_are_short(value: float, short: str, whole: str) -> None:
    assert (number(value), exact(value)) == (short, whole)


def test_a_series_is_a_line_of_text() -> None:
    (line,) = lines([series([(place, place) for place in range(100)])])
    assert line == "loss  ▁▁▁▂▂▂▂▃▃▃▃▃▄▄▄▄▅▅▅▅▅▆▆▆▆▇▇▇▇███  last 99  min 0  max 99"


def test_a_single_value_is_said_as_such() -> None:
    assert lines([series([(1, 0.5)])]) == ["loss  0.5"]


def test_a_name_that_would_move_the_cursor_does_not() -> None:
    made = Series("\x1b[2Jloss", "step")
    made.add(0, 1)
    assert lines([made]) == ["?[2Jloss  1"]


@given(st.lists(FINITE, min_size=1, max_size=200))
def test_any_values_make_bars(values: list[float]) -> None:
    assert len(spark(values)) == min(LINE, len(values))
