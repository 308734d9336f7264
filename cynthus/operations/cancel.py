"""`cancel`: end the run, keep the machine and what lies there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.run import RunState
from cynthus.errors import NothingRunning
from cynthus.operations.at_work import at_work
from cynthus.operations.launch import move
from cynthus.operations.recover import recover, stop
from cynthus.operations.remains import explained
from cynthus.operations.site import locate, with_entry

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


def cancel(tools: Tools, where: str | None, *, target: str | None = None) -> tuple[Site, Run]:
    """Stop the run that goes on and wait for its end.

    Raises:
        NothingRunning: no run goes on.
    """
    found = locate(tools, where, target=target)
    with at_work(tools, found, "cancel", hosts=found.hosts) as (site, journal), explained(site):
        run = recover(tools, site, journal)
        if run is not None and run.state is RunState.PREEMPTED:
            run = move(tools, site, run, RunState.CANCELLED, "by `cynthus cancel`")
            return with_entry(tools, site, last_run=run), run
        if run is None or run.over:
            said = f"its last run {run.id} is {run.state}" if run else "it has no run"
            raise NothingRunning(f"{site.name}: nothing is running ({said})", hint="`cynthus status` shows the runs")
        run = stop(tools, site, run, "cancelled: by `cynthus cancel`")
        return with_entry(tools, site, last_run=run), run
