"""`logs`: what main.py printed, from its host, or from the copy at home once the host is gone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cynthus.errors import HostUnreachable, UnknownRun
from cynthus.operations.attend import Attendance
from cynthus.operations.boundary import beginning_of
from cynthus.operations.found import run_named
from cynthus.operations.log_place import log_places, tail_begins
from cynthus.operations.observe import observe
from cynthus.operations.retry import explained_loss
from cynthus.operations.saved import all_gone, readers
from cynthus.operations.silence import last_known_runs
from cynthus.operations.site import locate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cynthus.core.run import Run
    from cynthus.operations.follow import Sink
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.log_place import LogPlace
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


def logs(
    tools: Tools, where: str | None, sink: Sink, *, target: str | None = None, run_id: str | None = None,
    tail: int | None = None,
) -> Attendance:
    """Show the log of all attempts as far as it goes (of each host its last `tail` lines); what is given back can
    follow on from there.

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
        run = _as_saved(tools, site, run, there, silent)
    attendance = Attendance(tools, site, run)
    places = {
        rank: log_places(
            tools, site, run, rank, () if rank in silent else there[rank : rank + 1], partial(silent.setdefault, rank)
        )
        for rank in range(run.nodes)
    }
    _show(attendance, sink, places, tail)
    if run.over:
        attendance.flush()
    for why in silent.values():
        tools.progress.warn(f"{why.message}: what came home is shown; {why.hint}")
    return attendance


def _show(attendance: Attendance, sink: Sink, places: Mapping[int, Sequence[LogPlace]], tail: int | None) -> None:
    run, marks, begun = attendance.run, attendance.sinks(sink), False
    begins = {rank: [0] * run.attempt if tail is None else tail_begins(each, tail) for rank, each in places.items()}
    for attempt in range(run.attempt):
        if attempt:
            attendance.cross()
        if begun:
            attendance.tools.progress.note(beginning_of(run, attempt + 1))
        for rank, mark in marks.items():
            place, begin = places[rank][attempt], begins[rank][attempt]
            if run.attempt > 1:
                place.hide(mark, begin)
            if begin < place.size or attempt + 1 == run.attempt:
                attendance.seen[rank] = place.show(mark, begin)
                begun = True


def _last_known(site: Site, run_id: str | None) -> Run:
    runs = last_known_runs(site)
    if run_id is None:
        return runs[-1] if runs else _no_run(site)
    return next((run for run in runs if run.id == run_id), None) or site.runs.load(run_id)


def _as_saved(
    tools: Tools, site: Site, run: Run, there: Sequence[HostAgent], silent: dict[int, HostUnreachable]
) -> Run:
    """The run as its bucket tells of it. That is all there is, so there is nothing to wait for."""
    try:
        return explained_loss(tools, site, observe(run, there, tools.clock))
    except HostUnreachable as error:
        silent[0] = error
        return run


def _no_run(site: Site) -> Run:
    raise UnknownRun(f"{site.name} has no run yet", hint="`cynthus up` starts one")
