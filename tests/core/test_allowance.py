"""What machines take in time and money."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.allowance import cost, lasts


def test_an_hour_costs_what_an_hour_costs() -> None:
    assert cost(0.71, 3600) == 0.71


def test_a_clock_that_went_back_gives_no_money_back() -> None:
    assert cost(0.71, -60) == 0


def test_ten_dollars_last_two_hours_at_five_an_hour() -> None:
    assert lasts(10, 5) == 7200


@given(st.floats(0.01, 1e6), st.floats(0.001, 1000))
def test_whatever_lasts_costs_no_more_than_there_is(dollars: float, per_hour: float) -> None:
    assert cost(per_hour, lasts(dollars, per_hour)) <= dollars * (1 + 1e-9)


@given(st.floats(0.01, 1e6), st.floats(0.001, 1000))
def test_two_seconds_more_would_cost_too_much(dollars: float, per_hour: float) -> None:
    assert cost(per_hour, lasts(dollars, per_hour) + 2) > dollars
