"""What a run's state is: derived here, from what its agent wrote, through the transition table."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.clock import parse_stamp, stamp
from cynthus.core.run import Run, RunState
from cynthus.operations import ranks
from cynthus.operations.outcome import outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cynthus.core.clock import Clock
    from cynthus.operations.host_agent import HostAgent

SILENCE = timedelta(seconds=10)
"""How old a heartbeat may be before the agent is asked in person (it beats every 2 s)."""


def observe(run: Run, there: Sequence[HostAgent], clock: Clock) -> Run:
    """The run as it is now. One that has ended, rests or has not started yet is given back as it is.

    `there` are the agents of its hosts; none where there is no host any more.
    """
    return run if _stays(run) else _concluded(run, _look(run, there, clock), clock)


def keep_together(run: Run, there: Sequence[HostAgent], clock: Clock) -> Run:
    """The same, and where main.py has failed on one of several hosts it is ended on the others."""
    if _stays(run):
        return run
    seen = _look(run, there, clock)
    if len(seen) > 1 and ranks.stop_rest(run, seen):
        seen = _look(run, there, clock)
    return _concluded(run, seen, clock)


def _stays(run: Run) -> bool:
    return run.state.ended or run.state is RunState.PREEMPTED


def _look(run: Run, there: Sequence[HostAgent], clock: Clock) -> list[ranks.Rank]:
    def ask(agent: HostAgent) -> Mapping[str, object] | None:
        status = agent.status(run.id, run.attempt)
        if status is not None and _silent(status, clock.now()):
            status = agent.asked(run.id) or status
        if agent.gone and run.nodes > 1 and status is not None and status.get("state") != "EXITED":
            return None
        return status

    return ranks.look(run, there[: run.nodes], ask)


def _concluded(run: Run, seen: Sequence[ranks.Rank], clock: Clock) -> Run:
    at = stamp(clock.now())
    status = ranks.as_one(run, seen) if seen else None
    if status is not None and any(rank.agent.gone and _in_the_middle(rank.status or status) for rank in seen):
        return _cut_off(run, status, at)
    if status is not None:
        return read_status(run, status, at=at)
    # A run that was running has a status; where it has none any more, somebody removed what lay on the host.
    gone = run.state is RunState.RUNNING
    return run.moved(RunState.LOST, at=at, reason="nothing of it is on its host") if gone else run


def _in_the_middle(status: Mapping[str, object]) -> bool:
    """Whether a machine went before all of the run was saved. Of what main.py has done is known then what is saved."""
    sync = status.get("sync")
    unsaved = isinstance(sync, dict) and sync.get("state") != "saved"
    return status.get("state") != "EXITED" or (status.get("exit_code") == 0 and not status.get("reason") and unsaved)


def _cut_off(run: Run, status: Mapping[str, object], at: str) -> Run:
    """A run that went on when its machine went, by what had been saved until then."""
    if run.state not in (RunState.CONFIGURING, RunState.RUNNING):
        return run
    begun = replace(read_status(run, {**status, "state": "RUNNING"}, at=at), ended_at=_time(status.get("beat_at")))
    reason = f"its machine is gone; it was saved until {status.get('beat_at')}"
    return begun.moved(RunState.LOST, at=at, reason=reason)


def read_status(run: Run, status: Mapping[str, object], *, at: str) -> Run:
    """The run after what `status` (a status.json) tells."""
    began = _time(status.get("started_at")) or run.attempt_at
    run = replace(run, started_at=run.started_at or began, attempt_at=began)
    if status.get("state") == "STARTING":
        return run
    if run.state in (RunState.CONFIGURING, RunState.LOST):
        run = run.moved(RunState.RUNNING, at=at, reason=str(status.get("phase") or "main.py started"))
    if status.get("state") != "EXITED":
        return run
    ended = replace(
        run,
        exit_code=_number(status.get("exit_code")),
        signal=_number(status.get("signal")),
        ended_at=_time(status.get("ended_at")) or _time(status.get("beat_at")) or at,
    )
    state, reason = outcome(status)
    return ended.moved(state, at=at, reason=reason)


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
