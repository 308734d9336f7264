"""What Terraform would do, and what it would cost: shown before anything is done."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Action = Literal["create", "update", "delete", "replace", "read", "move", "import", "forget"]


class Change(Struct, frozen=True):
    """One resource that would change. `reason` is Terraform's word for why it must be replaced or deleted, else ''."""

    address: str
    action: Action
    reason: str = ""


class Plan(Struct, frozen=True):
    """The changes of one saved plan; none of them means that reality is as described."""

    changes: tuple[Change, ...]

    @property
    def empty(self) -> bool:
        return not self.changes

    def count(self, action: Action) -> int:
        return sum(change.action == action for change in self.changes)


class Offer(Struct, frozen=True):
    """What a placement would cost and what stays afterwards. Money in US dollars; None where it is not known."""

    machine: str
    per_hour: float | None
    maximum: float | None
    deletes_itself_at: str | None
    stays: tuple[str, ...] = ()
