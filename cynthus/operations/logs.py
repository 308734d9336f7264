"""`logs`: what main.py printed, from its host, or from the copy at home once the host is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import UnknownRun
from cynthus.operations.attend import Attendance
from cynthus.operations.follow import read_log, tail_offset
from cynthus.operations.found import run_named
from cynthus.operations.site import agents, locate

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from cynthus.core.run import Run
    from cynthus.operations.follow import Sink
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.targets.base import Connection


def logs(
    tools: Tools, where: str | None, sink: Sink, *, target: str | None = None, run_id: str | None = None,
    tail: int | None = None,
) -> Attendance:
    """Show the log as far as it goes (of each host its last `tail` lines); what is given back can follow on from there.

    Raises:
        UnknownRun: there is no such run.
    """
    site = locate(tools, where, target=target)
    run = run_named(tools, site, run_id)
    if run is None:
        raise UnknownRun(f"{site.name} has no run yet", hint="`cynthus up` starts one")
    attendance = Attendance(tools, site, run)
    for rank, show in attendance.sinks(sink).items():
        connection, path = _log_of(tools, site, run, rank)
        seen = 0 if tail is None else tail_offset(connection, path, tail)
        for data in read_log(connection, path, seen):
            show(data)
            seen += len(data)
        attendance.seen[rank] = seen
    if run.over:
        attendance.flush()
    return attendance


def _log_of(tools: Tools, site: Site, run: Run, rank: int) -> tuple[Connection, PurePosixPath]:
    from pathlib import PurePosixPath

    for agent in agents(tools, site)[rank : rank + 1]:
        path = agent.log(run.id, run.attempt)
        if agent.connection.size(path) is not None:
            return agent.connection, path
    return tools.here, PurePosixPath(site.paths.log(run.id, rank))
