"""Runs as they lie on the hosts, also those that no record at home knows: started by hand, or the record was lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cynthus.core.clock import stamp
from cynthus.core.names import is_run_id
from cynthus.core.run import Run, RunState
from cynthus.operations.observe import observe
from cynthus.operations.site import agents

if TYPE_CHECKING:
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
    """Runs that have begun on the first host and have no record here."""
    there = agents(tools, site)
    if not there:
        return ()
    agent = there[0]
    strangers = set(agent.connection.folders(agent.home / "runs")) - set(site.runs.ids())
    begun = [name for name in sorted(strangers) if is_run_id(name) and agent.status(name, 1) is not None]
    return tuple(observe(_record(site, name, stamp(tools.clock.now())), agent, tools.clock) for name in begun)


def adopt(tools: Tools, site: Site) -> None:
    """Give a record to every run that has none, so that it is shown, brought home and never lost by accident."""
    for run in unrecorded(tools, site):
        site.runs.save(run)
        tools.progress.note(f"run {run.id} was found on the host without a record here; it has one now")


def _record(site: Site, name: str, now: str) -> Run:
    created = datetime.strptime(name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    run = Run(name, site.id, stamp(created))
    for state in (RunState.PROVISIONING, RunState.CONFIGURING):
        run = run.moved(state, at=now, reason="found on its host")
    return run
