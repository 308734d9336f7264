"""What is about to be made, shown before it is, and the question whether to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.plan import Plan
from cynthus.errors import ConfirmationNeeded, UsageError
from cynthus.operations.elsewhere import total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.plan import Action, Offer
    from cynthus.operations.elsewhere import Coming
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
    """Plans that were saved, what they would change and what that would cost."""

    plans: Mapping[str, Plan]
    """By root, in the order in which they are applied."""
    offer: Offer
    data: tuple[Coming, ...] = ()
    """What the hosts will fetch."""

    @property
    def plan(self) -> Plan:
        """All changes; where there are several roots an address begins with the name of its own."""
        if len(self.plans) == 1:
            return next(iter(self.plans.values()))
        changes = ((root, change) for root, plan in self.plans.items() for change in plan.changes)
        return Plan(tuple(replace(change, address=f"{root}/{change.address}") for root, change in changes))

    @property
    def large(self) -> bool:
        """Whether they will fetch something that nobody should be surprised by."""
        return any(each.large for each in self.data)


def accept(tools: Tools, prepared: Prepared, *, yes: bool) -> None:
    """Show the offer and ask. Nothing is asked where nothing would change and nothing large be fetched.

    Raises:
        UsageError: the answer was no.
        ConfirmationNeeded: nobody is there to answer, or `yes` was said and the plan destroys something.
    """
    for line in data_lines(prepared) if prepared.plan.empty else offer_lines(prepared):
        tools.progress.note(line)
    if prepared.plan.empty and not prepared.large:
        return
    destroys = _destroys(prepared.plan)
    if yes and not destroys:
        return
    if not _confirmed(tools, prepared, yes=yes, destroys=destroys):
        raise UsageError("nothing was made: you said no", hint="`cynthus plan` shows the same without asking")


def _confirmed(tools: Tools, prepared: Prepared, *, yes: bool, destroys: bool) -> bool:
    plan = prepared.plan
    parts = [describe(plan)] * (not plan.empty) + [f"fetch {total(prepared.data)}"] * prepared.large
    question = "Fetch it?" if plan.empty else "Make it?"
    try:
        return tools.person.confirm(question, consequence=f"this would {' and '.join(parts)}", default=not destroys)
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
    lines = [*plan_lines(prepared.plan), *data_lines(prepared), f"  on {offer.machine}: {_price(offer)}"]
    if offer.deletes_itself_at:
        lines.append(f"  deletes itself at {offer.deletes_itself_at}")
    return [*lines, *(f"  stays: {line}" for line in offer.stays)]


def data_lines(prepared: Prepared) -> list[str]:
    """One line for each that the hosts will fetch."""
    return [f"  data: {each.line}" for each in prepared.data]


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
