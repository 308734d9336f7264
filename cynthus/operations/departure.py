"""When a machine deletes itself after its run, as its agent tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class Departure(Struct, frozen=True):
    """`at` is when it does, if nobody uses the machine until then; None while that is not known. `problem` is what
    keeps it from that; `reason` is its last word before it goes."""

    at: str | None
    problem: str
    reason: str


def departure_of(report: Mapping[str, object] | None) -> Departure | None:
    """That in a status.json; None where the machine stays."""
    told = (report or {}).get("departure")
    if not isinstance(told, dict):
        return None
    at = told.get("at")
    return Departure(at if isinstance(at, str) else None, str(told.get("problem") or ""), str(told.get("reason") or ""))


def linger_of(document: Mapping[str, object]) -> int | None:
    """After how many seconds without use it does, by a run document; None where it stays."""
    told = document.get("linger")
    return round(told) if isinstance(told, int | float) and not isinstance(told, bool) else None
