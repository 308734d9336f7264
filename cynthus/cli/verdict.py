"""How a run has ended, as an exit code and in words."""

from __future__ import annotations

from cynthus.cli.wording import between, typed
from cynthus.core.run import Run, RunState
from cynthus.errors import RunCancelled, RunFailed, RunLost, RunPreempted


def judge(run: Run, where: str | None) -> None:
    """Turn the end of a run into an exit code.

    Raises:
        RunFailed, RunCancelled, RunPreempted, RunLost: it did not succeed.
    """
    if run.state is RunState.CANCELLED:
        raise RunCancelled(f"run {run.id} was ended{after(run)}: {run.reason}", hint=_another(where))
    if run.state is RunState.PREEMPTED:
        raise RunPreempted(f"run {run.id} rests: {run.reason}", hint=f"`{typed('up', where)}` goes on with it")
    if run.state is RunState.LOST:
        raise RunLost(f"run {run.id} is lost: {run.reason}", hint=_another(where))
    if run.state is RunState.FAILED:
        # Of a main.py that was never started nobody says that it failed.
        what = "" if run.reason.startswith("preprocess failed") else f"main.py failed{after(run)}: "
        raise RunFailed(
            f"{what}{run.reason}",
            hint=f"mend it and `{typed('up', where)}` again; `{typed('logs', where)}` shows what it printed",
        )


def _another(where: str | None) -> str:
    return f"`{typed('run', where)}` starts another"


def after(run: Run) -> str:
    """How long it took, for a sentence; '' where nobody knows."""
    took = between(run.started_at, run.ended_at)
    return f" after {took}" if took else ""
