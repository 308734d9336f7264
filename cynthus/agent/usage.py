"""Whether somebody uses the machine, or is about to: then it is not taken away from under their hands."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from cynthus import process
from cynthus.agent import departure, lock, makers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import Home

_SILENT = 120.0
"""Seconds after which whoever holds a deployment's lock on this host, and renews it, is gone."""
_PATIENCE = 10.0


def last(homes: Sequence[Home]) -> float:
    """When somebody used it last, or a run ended, in seconds since 1970."""
    files = [home.used for home in homes] + [each.exit for each in attempts(homes)]
    return max(map(_written, files), default=0.0)


def now(homes: Sequence[Home], environment: Mapping[str, str]) -> bool:
    """Whether a run goes on, something is brought, a command is at work, or somebody is logged in."""
    return (
        any(_goes_on(each) for each in attempts(homes))
        or any(_driven(home) or lock.held(home.visitors_lock) or makers.at_work(home) for home in homes)
        or _logged_in(environment)
    )


def attempts(homes: Sequence[Home]) -> Iterator[Attempt]:
    """All that ever began, of all deployments."""
    for home in homes:
        for run in home.runs():
            yield from run.attempts()


def _goes_on(attempt: Attempt) -> bool:
    if attempt.exit.exists():
        return False
    # Of one that was killed, a new supervisor still has to end what is left, and to say so.
    return lock.held(attempt.lock) or departure.begun(attempt)


def _driven(home: Home) -> bool:
    """Whether a command on somebody's own machine is at work here: it renews its lock beside the home."""
    return time.time() - _written(home.folder.parent / f".lock-{home.deployment}") < _SILENT


def _logged_in(environment: Mapping[str, str]) -> bool:
    """Whether there is somebody at a terminal. Where nobody can tell there is nobody: all is saved."""
    try:
        answer = process.run(process.Command(("who",), env={**environment, "LC_ALL": "C"}), timeout=_PATIENCE)
    except (OSError, process.CommandTimeout):
        return False
    return answer.returncode == 0 and bool(answer.stdout.strip())


def _written(file: os.PathLike[str]) -> float:
    try:
        return os.stat(file).st_mtime  # noqa: PTH116 - of a path that is one
    except OSError:
        return 0.0
