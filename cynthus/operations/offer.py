"""What is about to be made, shown before it is, and the question whether to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import ConfirmationNeeded, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.plan import Action, Offer, Plan
    from cynthus.operations.tools import Tools

WORDS: dict[Action, tuple[str, str]] = {
    "create": ("add", "added"),
    "update": ("change", "changed"),
    "replace": ("replace", "replaced"),
    "delete": ("remove", "removed"),
}
"""What a plan would do, and what an apply has done."""

SIGNS: dict[Action, str] = {
    "create": "+", "update": "~", "delete": "-", "replace": "±", "read": "<", "move": ">", "import": "=", "forget": ".",
}


class Prepared(Struct, frozen=True):
    """A plan that was saved, what it would change and what that would cost."""

    file: Path
    plan: Plan
    offer: Offer


def accept(tools: Tools, prepared: Prepared, *, yes: bool) -> None:
    """Show the offer and ask. Nothing is asked where nothing would change.

    Raises:
        UsageError: the answer was no.
        ConfirmationNeeded: nobody is there to answer, or `yes` was said and the plan destroys something.
    """
    if prepared.plan.empty:
        return
    for line in offer_lines(prepared):
        tools.progress.note(line)
    destroys = _destroys(prepared.plan)
    if yes and not destroys:
        return
    if not _confirmed(tools, prepared.plan, yes=yes, destroys=destroys):
        raise UsageError("nothing was made: you said no", hint="`cynthus plan` shows the same without asking")


def _confirmed(tools: Tools, plan: Plan, *, yes: bool, destroys: bool) -> bool:
    consequence = f"this would {describe(plan)}"
    try:
        return tools.person.confirm("Make it?", consequence=consequence, default=not destroys)
    except ConfirmationNeeded as needed:
        if not yes:
            raise
        raise ConfirmationNeeded(
            needed.message,
            hint="-y does not say yes to loss: run it on a terminal, or undo the change that causes it",
        ) from None


def _destroys(plan: Plan) -> bool:
    """Whether something that stands would go: -y is not an answer to that."""
    return any(change.action in ("delete", "replace") for change in plan.changes)


def offer_lines(prepared: Prepared) -> list[str]:
    """The offer as a person reads it before saying yes."""
    offer = prepared.offer
    lines = [*plan_lines(prepared.plan), f"  on {offer.machine}: {_price(offer)}"]
    if offer.deletes_itself_at:
        lines.append(f"  deletes itself at {offer.deletes_itself_at}")
    return [*lines, *(f"  stays: {line}" for line in offer.stays)]


def plan_lines(plan: Plan) -> list[str]:
    """One line a change, with Terraform's reason where it gives one."""
    return [
        f"  {SIGNS[change.action]} {change.address}" + (f"  ({change.reason})" if change.reason else "")
        for change in plan.changes
    ]


def describe(plan: Plan, *, done: bool = False) -> str:
    """The changes in numbers."""
    if plan.empty:
        return "nothing to change"
    counts = [(plan.count(action), words[done], action) for action, words in WORDS.items()]
    parts = [f"{count} {word}" if done else f"{word} {count}" for count, word, _ in counts if count]
    return ", ".join(parts) or f"{len(plan.changes)} to move or import"


def _price(offer: Offer) -> str:
    if offer.per_hour is None:
        return "the price is not known"
    if not offer.per_hour:
        return "costs nothing"
    most = "" if offer.maximum is None else f", at most ${offer.maximum:.2f}"
    return f"${offer.per_hour:.2f} an hour{most}"
