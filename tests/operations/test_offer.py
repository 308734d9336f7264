from __future__ import annotations

import pytest

from cynthus.core.plan import Change, Offer, Plan
from cynthus.operations.offer import Prepared, describe, offer_lines

FREE = Offer("this machine", 0.0, 0.0, None)


def prepared(*changes: Change, offer: Offer = FREE) -> Prepared:
    return Prepared({"compute": Plan(changes)}, offer)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ((), "nothing to change"),
        ((Change("a", "create"), Change("b", "create")), "add 2"),
        ((Change("a", "create"), Change("b", "update"), Change("c", "delete")), "add 1, change 1, remove 1"),
        ((Change("a", "replace", "because"),), "replace 1"),
        ((Change("a", "move"),), "1 to move or import"),
    ],
)
def test_a_plan_is_said_in_numbers(changes: tuple[Change, ...], said: str) -> None:
    assert describe(Plan(changes)) == said


def test_what_was_done_is_said_in_the_past() -> None:
    assert describe(Plan((Change("a", "create"), Change("b", "delete"))), done=True) == "1 added, 1 removed"


def test_every_change_has_a_line_with_its_reason() -> None:
    lines = offer_lines(prepared(Change("vm.a", "create"), Change("vm.b", "replace", "its zone changes")))
    assert lines[:2] == ["  + vm.a", "  ± vm.b  (its zone changes)"]


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        (FREE, "  on this machine: costs nothing"),
        (Offer("g2-standard-4", 0.7068, 2.8272, None), "  on g2-standard-4: $0.71 an hour, at most $2.83"),
        (Offer("g2-standard-4", 0.7068, None, None), "  on g2-standard-4: $0.71 an hour"),
        (Offer("a rack", None, None, None), "  on a rack: the price is not known"),
    ],
)
def test_the_price_is_said(offer: Offer, said: str) -> None:
    assert offer_lines(prepared(offer=offer)) == [said]


def test_when_it_deletes_itself_and_what_stays_is_said() -> None:
    offer = Offer("vm", 1.0, 4.0, "2026-01-02T07:04:05Z", ("a bucket, $0.02 a month",))
    assert offer_lines(prepared(offer=offer))[1:] == [
        "  deletes itself at 2026-01-02T07:04:05Z", "  stays: a bucket, $0.02 a month",
    ]
