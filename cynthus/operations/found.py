"""Runs as they lie on the hosts, also those that no record at home tells of: started by hand, or the record is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.clock import stamp
from cynthus.core.names import is_run_id
from cynthus.core.run import Run, RunState
from cynthus.errors import HostUnreachable
from cynthus.operations.mend import told
from cynthus.operations.observe import observe
from cynthus.operations.saved import machine_gone
from cynthus.operations.silence import with_way_out
from cynthus.operations.site import agents

if TYPE_CHECKING:
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


def all_runs(tools: Tools, site: Site) -> tuple[Run, ...]:
    """Recorded and unrecorded, the newest last. Nothing is written."""
    return tuple(sorted((*site.runs.all(), *unrecorded(tools, site)), key=lambda run: run.id))


def run_named(tools: Tools, site: Site, run_id: str | None) -> Run | None:
    """The run of that id, or the newest one; None where there is none at all.

    Raises:
        UnknownRun: there is none of that id.
    """
    runs = all_runs(tools, site)
    if run_id is None:
        return runs[-1] if runs else None
    return next((run for run in runs if run.id == run_id), None) or site.runs.load(run_id)


def unrecorded(tools: Tools, site: Site) -> tuple[Run, ...]:
    """Runs that have begun on the first host and of which no record here can be read, and those whose record is
    damaged although nothing of them is on a host any more."""
    there = agents(tools, site)
    agent = there[0] if there else None
    lost = site.runs.lost()
    on_host = _on_host(tools, site, agent) if agent else ()
    strangers = {*on_host, *lost} - (set(site.runs.ids()) - set(lost))
    found = (_found(tools, site, name, there, lost=name in lost) for name in sorted(strangers) if is_run_id(name))
    return tuple(run for run in found if run is not None)


def _on_host(tools: Tools, site: Site, agent: HostAgent) -> tuple[str, ...]:
    """The runs on a host; of a machine that was deleted those are told that have a record here."""
    try:
        return agent.connection.folders(agent.home / "runs")
    except HostUnreachable:
        if machine_gone(tools, site, agent.name):
            return ()
        raise


def adopt(tools: Tools, site: Site) -> None:
    """Give a record to every run that has none, so that it is shown, brought home and never lost by accident.

    A record that is damaged is set aside first.

    Raises:
        HostUnreachable: the host does not answer; nothing was changed.
    """
    try:
        found = unrecorded(tools, site)
    except HostUnreachable as error:
        raise with_way_out(error) from error
    lost, damaged = site.runs.lost(), site.runs.damaged()
    if damaged:
        kept = [site.runs.set_aside(name, tools.clock.now()) for name in damaged]
        tools.progress.warn(told(list(damaged.values()), kept))
    for run in found:
        site.runs.save(run)
        if run.id not in lost:
            tools.progress.note(f"run {run.id} was found on the host without a record here; it has one now")


def _found(tools: Tools, site: Site, name: str, there: tuple[HostAgent, ...], *, lost: bool) -> Run | None:
    """The run as its host tells it; None where it has never begun there, as far as anybody knows."""
    now = stamp(tools.clock.now())
    attempt = there[0].newest_attempt(name) if there else 1
    run = replace(_record(site, name, now), nodes=max(len(there), 1), attempt=attempt)
    if there and there[0].status(name, attempt) is not None:
        return observe(run, there, tools.clock)
    said = "its record was damaged, and nothing of it is on a host"
    return run.moved(RunState.LOST, at=now, reason=said) if lost else None


def _record(site: Site, name: str, now: str) -> Run:
    run = Run(name, site.id, _time_of(name) or now)
    for state in (RunState.PROVISIONING, RunState.CONFIGURING):
        run = run.moved(state, at=now, reason="found on its host")
    return run


def _time_of(name: str) -> str | None:
    """When a run was made, by its id; somebody may have named one by hand."""
    try:
        return stamp(datetime.strptime(name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return None
