"""`logs`: what main.py printed, from its host, or from the copy at home once the host is gone."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cynthus.errors import HostUnreachable, UnknownRun
from cynthus.operations.attend import Attendance
from cynthus.operations.follow import read_log, tail_offset
from cynthus.operations.found import run_named
from cynthus.operations.observe import observe
from cynthus.operations.saved import all_gone, readers
from cynthus.operations.silence import last_known_runs
from cynthus.operations.site import locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.run import Run
    from cynthus.operations.follow import Sink
    from cynthus.operations.host_agent import HostAgent
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
    silent: dict[int, HostUnreachable] = {}
    try:
        run = run_named(tools, site, run_id) or _no_run(site)
    except HostUnreachable as error:
        run, silent[0] = _last_known(site, run_id), error
    there = () if silent else readers(tools, site, run)
    if all_gone(there):
        run = _as_saved(tools, run, there, silent)
    attendance = Attendance(tools, site, run)
    for rank, show in attendance.sinks(sink).items():
        connection, path = _log_of(tools, site, run, there[rank : rank + 1], rank, silent)
        seen = 0 if tail is None else tail_offset(connection, path, tail)
        for data in read_log(connection, path, seen):
            show(data)
            seen += len(data)
        attendance.seen[rank] = seen
    if run.over:
        attendance.flush()
    for why in silent.values():
        tools.progress.warn(f"{why.message}: what came home is shown; {why.hint}")
    return attendance


def _last_known(site: Site, run_id: str | None) -> Run:
    runs = last_known_runs(site)
    if run_id is None:
        return runs[-1] if runs else _no_run(site)
    return next((run for run in runs if run.id == run_id), None) or site.runs.load(run_id)


def _as_saved(tools: Tools, run: Run, there: Sequence[HostAgent], silent: dict[int, HostUnreachable]) -> Run:
    """The run as its bucket tells of it. That is all there is, so there is nothing to wait for."""
    try:
        return observe(run, there, tools.clock)
    except HostUnreachable as error:
        silent[0] = error
        return run


def _no_run(site: Site) -> Run:
    raise UnknownRun(f"{site.name} has no run yet", hint="`cynthus up` starts one")


def _log_of(
    tools: Tools, site: Site, run: Run, there: Sequence[HostAgent], rank: int, silent: dict[int, HostUnreachable]
) -> tuple[Connection, PurePosixPath]:
    """Where the log of a rank is read: at home where its host does not answer, which is noted in `silent`."""
    for agent in there if rank not in silent else ():
        try:
            path = agent.log(run.id, run.attempt)
            if agent.connection.size(path) is not None:
                return agent.connection, path
        except HostUnreachable as error:
            silent[rank] = error
    return tools.here, PurePosixPath(site.paths.log(run.id, rank))
