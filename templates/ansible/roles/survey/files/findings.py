"""What would be changed, and what stands in the way of it."""

from __future__ import annotations

from dataclasses import dataclass, field

DISRUPT = "disrupt"
REBOOT = "reboot"
KINDS = ("install", "restart", "reboot", "remove")


@dataclass(frozen=True)
class Findings:
    """One entry in `changes` for each change of the system, one in `problems` for each thing to mend first.

    The `kind` of a change is one of KINDS. Its `needs` is empty where whoever asked must expect it; else DISRUPT or
    REBOOT: it is made only if that was allowed. `role` is who makes it.
    """

    role: str
    changes: list[dict[str, str]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)

    def change(self, what: str, kind: str, why: str, *, needs: str = "") -> None:
        self.changes.append({"what": what, "kind": kind, "why": why, "needs": needs, "role": self.role})

    def problem(self, message: str, hint: str) -> None:
        self.problems.append({"message": message, "hint": hint, "role": self.role})
