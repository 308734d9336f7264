"""`up`: from a folder to a running main.py. `prepare` stops short of the start, `run` starts in any case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cynthus.core.run import RunState
from cynthus.operations import infrastructure, launch
from cynthus.operations.app import App, fingerprint, load_app
from cynthus.operations.at_work import at_work
from cynthus.operations.identity import identify
from cynthus.operations.offer import accept
from cynthus.operations.recover import recover, withdraw
from cynthus.operations.remains import explained
from cynthus.operations.site import agents, with_entry
from cynthus.operations.source import Source, pack_source

if TYPE_CHECKING:
    from cynthus.core.placement import Placement
    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal
    from cynthus.targets.base import Target

Ending = Literal["attached", "unchanged", "prepared", "started"]


@dataclass(frozen=True)
class Request:
    """What was typed."""

    where: str | None = None
    target: str | None = None
    arguments: tuple[str, ...] = ()
    yes: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of it: `attached` to a run that goes on, `unchanged` since the last success, `prepared`, `started`."""

    ending: Ending
    site: Site
    run: Run


@dataclass(frozen=True)
class Ready:
    """Everything that is known before anything is made. `fingerprint` tells whether another run is worth having."""

    site: Site
    app: App
    target: Target
    placement: Placement
    source: Source
    fingerprint: str


def up(tools: Tools, request: Request) -> Outcome:
    """Bring the folder to a running main.py.

    RUNNING: attach. SUCCEEDED and nothing changed: do nothing. Anything else: go on from where it stood.
    """
    return _bring_up(tools, request, "up")


def run(tools: Tools, request: Request) -> Outcome:
    """Start a run although nothing changed, on what stands or on what is made for it; attach to one that goes on."""
    return _bring_up(tools, request, "run")


def prepare(tools: Tools, request: Request) -> Outcome:
    """Make ready what costs nothing by the hour; on a free target that is everything but the start."""
    return _bring_up(tools, request, "prepare")


def _bring_up(tools: Tools, request: Request, verb: Literal["up", "run", "prepare"]) -> Outcome:
    app = load_app(tools, request.where, target=request.target, arguments=request.arguments)
    site = identify(tools, app.folder, app.spec, yes=request.yes)
    with at_work(tools, site, verb) as journal, explained(site):
        newest = recover(tools, site, journal)
        ready = make_ready(tools, app, site)
        if newest is not None and newest.state is RunState.RUNNING:
            if newest.fingerprint != ready.fingerprint:
                tools.progress.note("the folder has changed since: `cynthus update` restarts with what changed")
            return Outcome("attached", site, newest)
        if verb == "up" and newest and newest.state is RunState.SUCCEEDED and newest.fingerprint == ready.fingerprint:
            return Outcome("unchanged", site, newest)
        return bring(tools, ready, newest, journal, yes=request.yes, start=verb != "prepare")


def make_ready(tools: Tools, app: App, site: Site) -> Ready:
    """Place the app and pack its source; what that comes to decides whether anything is to be done."""
    target, placement = infrastructure.place(tools, app, site)
    for reason in placement.reasons:
        tools.progress.note(reason)
    source = pack_source(site, app, placement)
    for name in source.large:
        tools.progress.warn(f"{name} is large for source code; name it in .gitignore to leave it out")
    marks = fingerprint(app, app.run_document(placement, site.id), source.hash)
    return Ready(site, app, target, placement, source, marks)


def bring(tools: Tools, ready: Ready, newest: Run | None, journal: Journal, *, yes: bool, start: bool) -> Outcome:
    """Make the hosts, deploy, and start where asked to."""
    site = make_hosts(tools, ready, journal, yes=yes)
    there = agents(tools, site)
    run = _run_to_start(tools, site, ready, newest)
    plan = launch.Launch(site, ready.app, ready.placement, run, ready.source.archive)
    run = launch.start(tools, plan, there, journal) if start else launch.deploy(tools, plan, journal, start=False)
    site = with_entry(tools, site, last_run=run)
    return Outcome("started" if start else "prepared", site, run)


def make_hosts(tools: Tools, ready: Ready, journal: Journal, *, yes: bool) -> Site:
    """Write the files, plan, ask, and apply exactly that plan; nothing is applied where nothing would change."""
    site = infrastructure.register(tools, ready.site, ready.placement.runtime)
    infrastructure.write(tools, ready.app, site, ready.target, ready.placement)
    prepared = infrastructure.plan(tools, ready.app, site, ready.target, ready.placement)
    accept(tools, prepared, yes=yes)
    if prepared.plan.empty and site.entry is not None and site.entry.phase == "up":
        return site
    outputs = infrastructure.apply(tools, site, prepared, journal)
    return infrastructure.record(tools, site, ready.placement.runtime, outputs, prepared.offer)


def _run_to_start(tools: Tools, site: Site, ready: Ready, newest: Run | None) -> Run:
    """The run that was prepared, or cut off before its start, if it is still the one wanted; else a new one."""
    if newest is not None and newest.state in launch.NOT_STARTED:
        if newest.fingerprint == ready.fingerprint:
            return newest
        withdraw(tools, site, newest, "cancelled: replaced before it started")
    return launch.new_run(tools, site, ready.fingerprint)
