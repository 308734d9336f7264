"""The verb `stop`: a run ends, or will never begin."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from cynthus.agent import beat, clock, lock, record, request
from cynthus.agent.failure import Failure

if TYPE_CHECKING:
    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import Home, RunFolder

_PATIENCE = 20.0
"""Seconds beyond the run's own grace until we say that it does not end."""


def stop(home: Home, run_id: str, number: int | None, reason: str) -> bool:
    """End one attempt, or (None) the run with all it has and ever will have; gives whether that changed anything.

    Comes back when the end is on record.

    Raises:
        Failure: it does not end.
    """
    if not home.folder.is_dir():
        return False
    run = home.run(run_id)
    attempts = [each for each in run.attempts() if number in (None, each.number)]
    going = [each for each in attempts if _goes_on(each)]
    if attempts and not going and all(each.exit.exists() for each in attempts):
        return False
    at = clock.stamp(time.time())
    changed = request.ask(run.stop if number is None else run.attempt(number).stop, reason, at=at)
    # One that began while we wrote sees the wish by itself: it looks for it once its start is on record.
    going = [each for each in run.attempts() if number in (None, each.number) and _goes_on(each)]
    for each in going:
        beat.ensure(run, each)
        nudge(each)
    for each in going:
        _await_end(run, each)
    return changed or bool(going)


def _goes_on(attempt: Attempt) -> bool:
    return not attempt.exit.exists() and (attempt.record.exists() or lock.held(attempt.lock))


def nudge(attempt: Attempt) -> None:
    """A supervisor looks for the wish now and then; this makes it look now."""
    known = record.read(attempt)
    if known is None or not known.supervisor_lives:
        return
    try:
        os.kill(known.supervisor_pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return


def _await_end(run: RunFolder, attempt: Attempt) -> None:
    known = record.read(attempt)
    deadline = time.monotonic() + (known.stop_grace if known else 0) * 2 + _PATIENCE
    while not attempt.exit.exists() and _goes_on(attempt):
        if time.monotonic() > deadline:
            raise Failure(f"run {run.id} does not end", hint=f"look into {attempt.agent_log}, then try again")
        time.sleep(0.02)
