"""The process beside a run with ports that looks whether they are healthy. A server that hangs makes it wait, and not
the beat. Killing it harms nothing."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from cynthus.agent import clock, lock, ports, record
from cynthus.agent.detached import detach
from cynthus.agent.failure import Failure

if TYPE_CHECKING:
    from cynthus.agent.attempt import Attempt
    from cynthus.agent.ports import Served

_UNHEALTHY = 1.0
"""Seconds until a port that is not healthy is looked at again."""
_HEALTHY = 10.0
"""The same of one that is: each look is a request in main.py's own log."""
_LOOK = 0.05
"""Seconds between two looks for the end."""
_UNPUBLISHED = "the Docker engine has not published it (`docker port`)"


def ensure(attempt: Attempt) -> None:
    """See to it that somebody watches the ports of an attempt that has some."""
    if attempt.ports.exists() and not attempt.exit.exists() and not lock.held(attempt.ports_lock):
        detach(lambda: watch(attempt), log=attempt.agent_log)


def watch(attempt: Attempt) -> None:
    """Write down how the ports are until the attempt has ended, or has no beat any more that would start us again."""
    if lock.acquire(attempt.ports_lock, wait=False) is None:
        return
    due = 0.0
    while not attempt.exit.exists() and attempt.folder.is_dir():
        if time.monotonic() >= due:
            if not lock.held(attempt.agent_lock):
                return
            due = time.monotonic() + _look(attempt)
        time.sleep(_LOOK)


def _look(attempt: Attempt) -> float:
    """One look at all of them; gives the seconds until the next."""
    known = record.read(attempt)
    if known is None:
        return _LOOK
    before = ports.read(attempt)
    container = known.container if before.inside else None
    after = before._replace(each=[_looked_at(attempt, container, each) for each in before.each])
    if after != before and not attempt.exit.exists():
        try:
            ports.write(attempt, after)
        except OSError:
            return _UNHEALTHY
    return _HEALTHY if all(each.healthy for each in after.each) else _UNHEALTHY


def _looked_at(attempt: Attempt, container: str | None, served: Served) -> Served:
    """`container` is the name of one with a network of its own."""
    # With all that belongs to HTTP, which the agent of a run without ports need not read.
    from cynthus.agent import health

    host_port = served.host_port or _published(attempt, container, served.port)
    why = _UNPUBLISHED
    if host_port is not None:
        why = health.problem(host_port, served.health, inside=container is not None)
    same = served.since is not None and served.healthy == (not why)
    since = served.since if same else clock.stamp(time.time())
    return served._replace(host_port=host_port, healthy=not why, since=since, reason=why)


def _published(attempt: Attempt, container: str | None, port: int) -> int | None:
    """The port of this machine that leads to one of a container, which Docker chooses when that starts."""
    if container is None:
        return None
    from cynthus.agent import engine

    try:
        found = engine.recall(attempt.engine, os.environ).inspect("container", container)
    except Failure:
        return None
    listed = ((found or {}).get("NetworkSettings", {}).get("Ports") or {}).get(f"{port}/tcp")
    return int(listed[0]["HostPort"]) if listed else None
