"""Makes the environment on a host while the data is still on its way, in a process of its own. The verb `environment`
waits for its end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cynthus.agent import environment as room
from cynthus.agent import lock
from cynthus.agent.detached import detach
from cynthus.agent.failure import Failure, of_system
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.home import Home
    from cynthus.agent.spec import Spec


def begin(home: Home, spec: Spec, folder: Path, environment: Mapping[str, str]) -> None:
    """Begin to make it, unless that is being done.

    Raises:
        OSError: the home cannot be written.
    """
    descriptor = lock.acquire(home.ahead_lock, wait=False)
    if descriptor is None:
        return
    try:
        home.ahead.unlink(missing_ok=True)
        detach(lambda: _make(home, spec, folder, environment), log=home.ahead_log, keep=(descriptor,))
    finally:
        os.close(descriptor)


def _make(home: Home, spec: Spec, folder: Path, environment: Mapping[str, str]) -> None:
    name = ""
    try:
        name = room.identify(spec, folder)
        made = room.prepare(home, spec, folder, environment)
        write_json(home.ahead, {"environment": name, "changed": made.changed})
    except Failure as failure:
        write_json(home.ahead, {"environment": name, "failure": failure.problem()})
    except OSError as error:
        write_json(home.ahead, {"environment": name, "failure": of_system(error).problem()})


def finish(home: Home, spec: Spec, folder: Path) -> bool:
    """Wait for its end; whether it has made the environment that is wanted now, as far as that is not told yet.

    Raises:
        Failure: what went wrong there. It is told once: whoever asks again tries again.
    """
    if not home.ahead_lock.exists():
        return False
    with lock.locked(home.ahead_lock):
        try:
            told = read_json(home.ahead) or {}
        except (OSError, ValueError):
            told = {}
        home.ahead.unlink(missing_ok=True)
    if told.get("environment") != room.identify(spec, folder):
        return False
    problem = told.get("failure")
    if isinstance(problem, dict):
        raise Failure(
            str(problem.get("message")), hint=str(problem.get("hint")), code=str(problem.get("code")),
            details=[str(line) for line in problem.get("details", ())],
        )
    return bool(told.get("changed"))
