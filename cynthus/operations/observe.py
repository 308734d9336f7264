"""What a run's state is: derived here, from what its agent wrote, through the transition table."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cynthus.core.clock import parse_stamp, stamp
from cynthus.core.run import Run, RunState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cynthus.core.clock import Clock
    from cynthus.operations.host_agent import HostAgent

SILENCE = timedelta(seconds=10)
"""How old a heartbeat may be before the agent is asked in person (it beats every 2 s)."""


def observe(run: Run, agent: HostAgent | None, clock: Clock) -> Run:
    """The run as it is now. One that has ended or has not started yet is given back as it is.

    `agent` is that of the first host, None where there is no host any more.
    """
    if run.state.ended:
        return run
    status = agent.status(run.id, run.attempt) if agent else None
    if agent and status is not None and _silent(status, clock.now()):
        status = agent.asked(run.id) or status
    at = stamp(clock.now())
    if status is not None:
        return read_status(run, status, at=at)
    # A run that was running has a status; where it has none any more, somebody removed what lay on the host.
    gone = run.state is RunState.RUNNING
    return run.moved(RunState.LOST, at=at, reason="nothing of it is on its host") if gone else run


def read_status(run: Run, status: Mapping[str, object], *, at: str) -> Run:
    """The run after what `status` (a status.json) tells."""
    run = replace(run, started_at=_time(status.get("started_at")) or run.started_at)
    if status.get("state") == "STARTING":
        return run
    if run.state in (RunState.CONFIGURING, RunState.LOST):
        run = run.moved(RunState.RUNNING, at=at, reason="main.py started")
    if status.get("state") != "EXITED":
        return run
    ended = replace(
        run,
        exit_code=_number(status.get("exit_code")),
        signal=_number(status.get("signal")),
        ended_at=_time(status.get("ended_at")) or _time(status.get("beat_at")) or at,
    )
    state, reason = _outcome(status)
    return ended.moved(state, at=at, reason=reason)


def why_cancelled(reason: str) -> str:
    """Why, without the word by which the agent knows a cancellation: the state says that already."""
    return reason.removeprefix("cancelled: ")


def _outcome(status: Mapping[str, object]) -> tuple[RunState, str]:
    reason, code, number = str(status.get("reason") or ""), status.get("exit_code"), status.get("signal")
    if reason.startswith("cancelled"):
        return RunState.CANCELLED, why_cancelled(reason)
    if code == 0 and not reason:
        return RunState.SUCCEEDED, "exit code 0"
    if reason:
        return RunState.FAILED, reason
    return RunState.FAILED, f"killed by signal {_signal(number)}" if number else f"exit code {code}"


def _signal(number: object) -> str:
    try:
        return f"{number} ({signal.Signals(int(str(number))).name})"
    except ValueError:
        return str(number)


def _silent(status: Mapping[str, object], now: datetime) -> bool:
    beat = _time(status.get("beat_at"))
    if status.get("state") == "EXITED":
        return False
    return beat is None or now - parse_stamp(beat) > SILENCE


def _time(value: object) -> str | None:
    """A time as somebody wrote it; None for anything else."""
    try:
        parse_stamp(str(value))
    except ValueError:
        return None
    return str(value)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
