"""The log on its way home, attempt by attempt, so that it can still be read when its hosts are gone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cynthus.errors import HostUnreachable
from cynthus.files import write_atomic
from cynthus.operations.arrival import append

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site


def fetch_log(site: Site, run: Run, agent: HostAgent) -> str:
    """Bring home what was added. An earlier attempt comes from where it lies, once, and can fail for itself: gives why
    one is not at home, or ''.

    Raises:
        HostUnreachable: the host does not answer.
        OSError: something cannot be read or written.
    """
    _fetch(site, run, agent, run.attempt)
    for attempt in range(1, run.attempt):
        try:
            _fetch_earlier(site, run, agent, attempt)
        except HostUnreachable as error:
            return f"the log of attempt {attempt} at run {run.id} is not at home: {error.message}"
    return ""


def log_grew(site: Site, run: Run, agent: HostAgent) -> bool:
    """Whether there is something to bring."""
    size = agent.connection.size(agent.log(run.id, run.attempt)) or 0
    if size > _size(site.paths.log(run.id, agent.rank, run.attempt)):
        return True
    elsewhere = run.state.begun and (agent.gone or agent.earlier is not None)
    return elsewhere and not all(is_whole(site, run, agent.rank, attempt) for attempt in range(1, run.attempt))


def is_whole(site: Site, run: Run, rank: int, attempt: int) -> bool:
    """Whether all that can ever be had of an ended attempt is at home."""
    try:
        size = int(site.paths.whole_log(run.id, rank, attempt).read_bytes())
    except (OSError, ValueError):
        return False
    return _size(site.paths.log(run.id, rank, attempt)) >= size


def _fetch_earlier(site: Site, run: Run, agent: HostAgent, attempt: int) -> None:
    if is_whole(site, run, agent.rank, attempt):
        return
    there = agent.connection.size(agent.log(run.id, attempt)) is not None
    source = agent if there or agent.earlier is None else agent.earlier
    _fetch(site, run, source, attempt)
    # While there is no other machine yet, the one before may still save what it has.
    if run.state.begun and (there or source.gone):
        size = _size(site.paths.log(run.id, agent.rank, attempt))
        write_atomic(site.paths.whole_log(run.id, agent.rank, attempt), b"%d\n" % size)


def _fetch(site: Site, run: Run, source: HostAgent, attempt: int) -> None:
    """Add what is new. What is at home already stays, also where less of it was saved."""
    copy, path = site.paths.log(run.id, source.rank, attempt), source.log(run.id, attempt)
    if source.connection.size(path) is None:
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    with open(copy, "ab") as stream:
        append(source.connection, path, stream)
        os.fsync(stream.fileno())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
