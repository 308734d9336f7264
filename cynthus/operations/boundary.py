"""Where one attempt at a run ends and the next one begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.clock import parse_stamp
from cynthus.core.run import RunState

if TYPE_CHECKING:
    from cynthus.core.run import Run, Transition


def end_of(run: Run, attempt: int) -> Transition | None:
    """How an attempt ended after which another one was made; None where the record does not tell."""
    ends = [each for each in run.transitions if each.state is RunState.PREEMPTED]
    return ends[attempt - 1] if attempt <= len(ends) else None


def beginning_of(run: Run, attempt: int) -> str:
    """A line for the place where an attempt begins, with why there is one."""
    before = end_of(run, attempt - 1)
    if before is None:
        return f"attempt {attempt} begins here"
    why = before.reason.removeprefix("preempted: ")
    return f"attempt {attempt} begins here: {why} at {parse_stamp(before.at).astimezone():%H:%M:%S on %Y-%m-%d}"


def ended_before(run: Run, newer: Run) -> Run:
    """The run as it was when its attempt had ended, by the record of a later attempt at it."""
    end = end_of(newer, run.attempt)
    reason = end.reason if end else f"attempt {newer.attempt} has begun"
    until = newer.transitions[: newer.transitions.index(end) + 1] if end else run.transitions
    return replace(run, state=RunState.PREEMPTED, reason=reason, transitions=until)
