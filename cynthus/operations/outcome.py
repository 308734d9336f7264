"""How main.py has ended: from what its agent wrote to a state and a reason."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from cynthus.core.run import RunState

if TYPE_CHECKING:
    from collections.abc import Mapping

PREEMPTED = "preempted: "
"""The word by which the agent says that a cloud takes its machine back. main.py was told to end then, so that its exit
code says nothing of its work."""


def outcome(status: Mapping[str, object]) -> tuple[RunState, str]:
    """What `status` (a status.json with the state EXITED) comes to, and why."""
    reason, code, number = str(status.get("reason") or ""), status.get("exit_code"), status.get("signal")
    if reason.startswith(PREEMPTED):
        return RunState.PREEMPTED, reason.removeprefix(PREEMPTED)
    if reason.startswith("cancelled"):
        return RunState.CANCELLED, why_cancelled(reason)
    if code == 0 and not reason:
        return RunState.SUCCEEDED, "exit code 0"
    if reason:
        return RunState.FAILED, reason
    return RunState.FAILED, f"killed by signal {_signal(number)}" if number else f"exit code {code}"


def why_cancelled(reason: str) -> str:
    """Why, without the word by which the agent knows a cancellation: the state says that already."""
    return reason.removeprefix("cancelled: ")


def _signal(number: object) -> str:
    try:
        return f"{number} ({signal.Signals(int(str(number))).name})"
    except ValueError:
        return str(number)
