"""What is left of a run's time and money."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.allowance import cost, lasts, left
from cynthus.core.duration import Duration
from cynthus.core.resources import Limits

FOUR_HOURS = Duration.parse("4h")


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


def test_an_attempt_takes_from_the_time() -> None:
    rest = left(Limits(max_duration=FOUR_HOURS), seconds=3600, dollars=0.0)
    assert rest == Limits(max_duration=Duration.parse("3h"))


def test_an_attempt_takes_from_the_money() -> None:
    assert left(Limits(max_cost=10.0), seconds=3600, dollars=4.0) == Limits(max_cost=6.0)


def test_what_has_no_limit_has_none_afterwards() -> None:
    assert left(Limits(), seconds=1e6, dollars=1e6) == Limits()


def test_the_other_limits_stay() -> None:
    limits = Limits(max_cost=10.0, idle=FOUR_HOURS, stop_grace=FOUR_HOURS)
    assert left(limits, seconds=0, dollars=0) == limits


@pytest.mark.parametrize("limits", [Limits(max_duration=FOUR_HOURS), Limits(max_duration=FOUR_HOURS, max_cost=100.0)])
def test_nothing_is_left_where_the_time_is_used_up(limits: Limits) -> None:
    assert left(limits, seconds=4 * 3600 - 0.5, dollars=1.0) is None


@pytest.mark.parametrize("limits", [Limits(max_cost=10.0), Limits(max_duration=FOUR_HOURS, max_cost=10.0)])
def test_nothing_is_left_where_the_money_is_used_up(limits: Limits) -> None:
    assert left(limits, seconds=60, dollars=10.0) is None


@given(st.lists(st.tuples(st.floats(0, 3600), st.floats(0, 3)), max_size=12))
def test_all_attempts_together_never_take_more_than_one_would(attempts: list[tuple[float, float]]) -> None:
    """Each is cut off at what is left by then, and takes that."""
    seconds, dollars, rest = 0.0, 0.0, Limits(max_duration=FOUR_HOURS, max_cost=10.0)
    for wants, costs in attempts:
        assert rest.max_duration is not None
        assert rest.max_cost is not None
        took, cost_of_it = min(wants, rest.max_duration.seconds), min(costs, rest.max_cost)
        seconds, dollars = seconds + took, dollars + cost_of_it
        again = left(rest, seconds=took, dollars=cost_of_it)
        if again is None:
            break
        rest = again
    assert seconds <= FOUR_HOURS.seconds
    assert dollars <= 10.0 + 1e-9
