"""`update`: bring changed source, data or both to the living deployment and restart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cynthus.errors import NothingRunning
from cynthus.operations.app import load_app
from cynthus.operations.at_work import at_work
from cynthus.operations.identity import identify
from cynthus.operations.recover import pull_quietly, recover, stop
from cynthus.operations.remains import explained
from cynthus.operations.source import kept_source
from cynthus.operations.up import Outcome, Request, bring, make_ready

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Ready


def update(tools: Tools, request: Request, *, source: bool, data: bool) -> Outcome:
    """Restart with what changed. Where only `data` is brought, the source stays the last run's.

    Raises:
        NothingRunning: no deployment stands; `cynthus up` makes one.
    """
    app = load_app(tools, request.where, target=request.target, arguments=request.arguments)
    site = identify(tools, app.folder, app.spec, yes=request.yes)
    if site.entry is None or site.entry.phase != "up":
        raise NothingRunning(f"{site.name} is not up, so there is nothing to update", hint="`cynthus up` makes it")
    with at_work(tools, site, "update") as journal, explained(site):
        newest = recover(tools, site, journal)
        ready = make_ready(tools, app, site)
        if data and not source and newest is not None:
            ready = _with_last_source(ready, newest)
        if newest is not None and not newest.state.ended:
            newest = stop(tools, site, newest, "cancelled: replaced by `cynthus update`")
        if newest is not None:
            pull_quietly(tools, site, newest)
        return bring(tools, ready, newest, journal, yes=request.yes, start=True)


def _with_last_source(ready: Ready, newest: Run) -> Ready:
    kept = kept_source(ready.site, newest.version.source)
    return replace(ready, source=kept) if kept else ready
