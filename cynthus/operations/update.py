"""`update`: bring changed source, data or both to the living deployment and restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import NothingRunning, PullFailed, UsageError
from cynthus.operations.app import load_app
from cynthus.operations.at_work import holding, journal_of
from cynthus.operations.elsewhere import pinned
from cynthus.operations.host_lock import HostLock
from cynthus.operations.identity import identify
from cynthus.operations.recover import bring_home, recover, stop
from cynthus.operations.remains import explained
from cynthus.operations.source import kept_source
from cynthus.operations.up import Outcome, Request, bring, make_ready, with_arguments

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Ready


def update(tools: Tools, request: Request, *, source: bool, data: bool) -> Outcome:
    """Restart with what changed. Where only `data` is brought, the source stays the last run's.

    Raises:
        NothingRunning: no deployment stands; `cynthus up` makes one.
        PullFailed: what the last run wrote could not be brought home.
        UsageError: the last run's source is not kept any more.
    """
    app = load_app(tools, request.where, target=request.target)
    with holding(tools, app.folder, "update"), HostLock(tools, "update") as lock:
        site = identify(tools, app.folder, app.spec, yes=request.yes)
        if site.entry is None or site.entry.phase != "up":
            raise NothingRunning(f"{site.name} is not up, so there is nothing to update", hint="`cynthus up` makes it")
        with explained(site):
            lock.take(site)
            journal = journal_of(tools, site, "update", lock)
            newest = recover(tools, site, journal)
            app = pinned(tools, app, site)
            ready = make_ready(tools, with_arguments(tools, app, request, newest), site)
            if data and not source and newest is not None:
                ready = _with_last_source(ready, newest)
            if newest is not None and not newest.over:
                newest = stop(tools, site, newest, "cancelled: replaced by `cynthus update`")
            _insist_on_outputs(tools, site)
            lock.insist()
            return bring(tools, ready, newest, journal, request, lock, start=True)


def _with_last_source(ready: Ready, newest: Run) -> Ready:
    kept = kept_source(ready.site, newest.version.source)
    if kept is None:
        raise UsageError(
            f"the source of run {newest.id} is not kept any more", hint="`cynthus update` brings the present one"
        )
    return ready.with_source(kept)


def _insist_on_outputs(tools: Tools, site: Site) -> None:
    problems = bring_home(tools, site)
    if problems:
        raise PullFailed(
            f"{problems[0]}; the next run was not started",
            hint="mend that and run `cynthus update` again; nothing is lost",
        )
