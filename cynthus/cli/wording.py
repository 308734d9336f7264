"""Times, prices and commands as people say them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from cynthus.core.clock import parse_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from cynthus.core.finding import Finding


def span(seconds: int) -> str:
    """How long something took: less than 1 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 60:
        return f"{seconds} s" if seconds > 0 else "less than 1 s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min {seconds % 60} s"
    return f"{minutes // 60} h {minutes % 60} min"


def between(start: str | None, end: str | datetime | None) -> str:
    """The time from one moment to another; '' where one of them is not known."""
    if not start or not end:
        return ""
    moment = parse_stamp(end) if isinstance(end, str) else end
    return span(int((moment - parse_stamp(start)).total_seconds()))


def moment(stamp: str) -> str:
    """A time of ours as the reader's clock shows it."""
    return f"{parse_stamp(stamp).astimezone():%Y-%m-%d %H:%M:%S}"


def price(dollars_per_hour: float | None) -> str:
    """What a machine costs, in words where that is nothing or not known."""
    if dollars_per_hour is None:
        return "not known"
    return f"${dollars_per_hour:.2f}/h" if dollars_per_hour else "nothing"


def typed(verb: str, where: str | None) -> str:
    """A command as it would be typed for the same deployment."""
    return f"cynthus {verb}" + (f" {shlex.quote(where)}" if where else "")


def findings(found: Iterable[Finding]) -> Iterator[str]:
    """What checks came to, a line each, and below it what mends it."""
    marks = {"ok": "ok", "warning": "warn", "error": "FAIL"}
    for each in found:
        yield f"{marks[each.level]:<5} {each.check:<14} {each.message}"
        if each.fix:
            yield f"{'':<20} fix: {each.fix}"
