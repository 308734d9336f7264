"""The sum of what machines have cost."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cynthus.cli.bill_text import bill_document, in_all, so_far
from cynthus.cli.wording import moment
from cynthus.core.bill import Bill, Machine
from cynthus.state.machines import MOST, Machines

NOON, ONE, TWO = (f"2026-03-01T{hour}:00:00Z" for hour in (12, 13, 14))


def machine(**changes: Any) -> Machine:
    made = Machine("host-0", "471", "p", "us-central1-a", 0.5, NOON, began_guessed=False, ended=ONE)
    return replace(made, **changes)


def test_a_machine_costs_until_it_ended() -> None:
    assert Bill((machine(),), TWO).dollars == 0.5


def test_one_that_stands_costs_until_now() -> None:
    assert Bill((machine(ended=None),), TWO).dollars == 1.0


def test_one_that_ended_before_it_began_cost_nothing() -> None:
    assert Bill((machine(began=TWO),), TWO).dollars == 0.0


def test_what_it_came_to_before_its_oldest_row_counts() -> None:
    assert Bill((machine(),), TWO, earlier=3, earlier_cost=2.0).dollars == 2.5


def test_fractions_of_a_second_count() -> None:
    assert Bill((machine(ended="2026-03-01T12:00:00.250Z"),), TWO).dollars == pytest.approx(0.5 * 0.25 / 3600)


def test_one_machine_is_not_counted_in_words() -> None:
    assert in_all(Bill((machine(),), TWO)) == "$0.50 in all"


def test_several_are_and_the_first_is_dated() -> None:
    found = Bill((machine(), machine(instance_id="472", began=ONE, ended=TWO)), TWO)
    assert so_far(found) == f"$1.00 so far, 2 machines since {moment(NOON)}"


def test_an_estimate_is_called_so() -> None:
    assert so_far(Bill((machine(ended_guessed=True),), TWO)) == "about $0.50 so far"


def test_what_it_may_come_to_follows() -> None:
    assert so_far(Bill((machine(),), TWO, most=10.0)) == "$0.50 so far of at most $10.00"


def test_a_price_that_nobody_knows_is_not_in_the_sum() -> None:
    found = Bill((machine(), machine(instance_id="472", per_hour=None)), TWO)
    assert so_far(found) == f"$0.50 so far, 2 machines since {moment(NOON)} (the price of 1 is not known)"


def test_where_no_price_is_known_nothing_is_said() -> None:
    assert so_far(Bill((machine(per_hour=None),), TWO)) == ""


def test_a_program_gets_each_row_with_its_sum() -> None:
    found: Any = bill_document(Bill((machine(why="preempted"),), TWO))
    (row,) = found["machines"]
    assert (row["dollars"], row["why_gone"], found["dollars"]) == (0.5, "preempted", 0.5)


def test_there_are_never_more_rows_than_there_is_room_for() -> None:
    rows = [machine(instance_id=str(number)) for number in range(MOST + 20)]
    found = Machines().with_rows(rows)
    assert (len(found.rows), found.earlier, found.earlier_cost) == (MOST, 20, 10.0)
    assert Bill(found.rows, TWO, found.earlier, found.earlier_cost).dollars == (MOST + 20) / 2


def test_one_that_stands_keeps_its_row() -> None:
    rows = [machine(instance_id=str(number), ended=ONE if number else None) for number in range(MOST + 1)]
    assert Machines().with_rows(rows).rows[0].ended is None
