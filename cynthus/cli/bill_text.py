"""What machines have cost, in words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.cli.wording import moment

if TYPE_CHECKING:
    from cynthus.core.bill import Bill, Machine


def so_far(bill: Bill | None) -> str:
    """What the machines have cost that stand, and those before them; '' where nobody knows."""
    return _sum(bill, "so far")


def in_all(bill: Bill | None) -> str:
    """The same where none stands any more."""
    return _sum(bill, "in all")


def _sum(bill: Bill | None, word: str) -> str:
    if bill is None or bill.unpriced == bill.count:
        return ""
    most = f" of at most ${bill.most:.2f}" if bill.most is not None else ""
    machines = f", {bill.count} machines since {moment(bill.since)}" if bill.count > 1 else ""
    unpriced = f" (the price of {bill.unpriced} is not known)" if bill.unpriced else ""
    return f"{'about ' if bill.guessed else ''}${bill.dollars:.2f} {word}{most}{machines}{unpriced}"


def bill_document(bill: Bill | None) -> dict[str, object] | None:
    """`dollars` is the sum at the time `at`, of the `machines` and of those `earlier` of which no row is kept. What is
    `estimated` could not be told by the cloud."""
    if bill is None:
        return None
    return {
        "dollars": bill.dollars,
        "estimated": bill.guessed,
        "at": bill.now,
        "at_most": bill.most,
        "earlier": bill.earlier,
        "machines": [_machine(each, bill.now) for each in bill.machines],
    }


def _machine(each: Machine, now: str) -> dict[str, object]:
    return {
        "name": each.name,
        "instance_id": each.instance_id,
        "zone": each.zone,
        "machine_type": each.machine_type or None,
        "dollars_per_hour": each.per_hour,
        "began": each.began,
        "ended": each.ended,
        "why_gone": each.why or None,
        "estimated": each.guessed,
        "dollars": each.cost(now),
    }
