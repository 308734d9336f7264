"""`up`: from a folder to a running main.py. `prepare` stops short of the start, `run` starts in any case."""

from __future__ import annotations

import hashlib
import shlex
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.run import RunState
from cynthus.errors import CynthusError, UsageError
from cynthus.operations import infrastructure, launch, retry
from cynthus.operations.app import fingerprint, load_app
from cynthus.operations.at_work import holding, journal_of
from cynthus.operations.edits import as_edited, edits_fingerprint, tell_needs
from cynthus.operations.elsewhere import pinned
from cynthus.operations.host_lock import HostLock
from cynthus.operations.identity import identify
from cynthus.operations.inputs import through_bucket
from cynthus.operations.making import make_hosts, make_long_lived
from cynthus.operations.prune import prune
from cynthus.operations.readying import make_hosts_ready
from cynthus.operations.recover import found_again, recover, withdraw
from cynthus.operations.remains import cost_told, explained
from cynthus.operations.request import Outcome as Outcome
from cynthus.operations.request import Request as Request
from cynthus.operations.silence import note_run
from cynthus.operations.site import agents, as_it_stands, with_entry
from cynthus.operations.source import Source, pack_source
from cynthus.operations.taken_out import tell_taken_out
from cynthus.operations.tries import Tries
from cynthus.operations.versions import as_version, chosen_version, in_place, insist_on_runtime

if TYPE_CHECKING:
    from cynthus.core.placement import Placement
    from cynthus.core.run import Run
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal
    from cynthus.targets.base import Target

class Ready(Struct, frozen=True):
    """Everything that is known before anything is made.

    `content` stands for what the user's folder asks for, `edits` for the user's edits of the rendered files.
    """

    site: Site
    app: App
    target: Target
    placement: Placement
    source: Source
    content: str
    edits: str
    environment: str = ""
    """That of a version that is brought back; '' where none is."""

    @property
    def fingerprint(self) -> str:
        """Tells whether another run is worth having."""
        return hashlib.sha256(f"{self.content} {self.edits}".encode()).hexdigest()[:16] if self.edits else self.content

    def with_source(self, source: Source) -> Ready:
        """The same with another source."""
        return replace(self, source=source, content=_content(self.app, self.placement, self.site, source))

    def with_files_written(self) -> Ready:
        """The same after the files were written: what was merged there counts as it is now."""
        return replace(self, edits=edits_fingerprint(self.site, self.target))


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
    app = load_app(tools, request.where, target=request.target)
    tries = Tries(tools, app.spec)
    with holding(tools, app.folder, verb):
        while True:
            site = identify(tools, app.folder, app.spec, yes=request.yes)
            tries.begin(site)
            try:
                with HostLock(tools, verb) as lock, explained(site):
                    _open(tools, site, app)
                    lock.take(site)
                    return _under_way(tools, request, verb, app, site, lock)
            except CynthusError as error:
                request = tries.after(site, request, error)


def _open(tools: Tools, site: Site, app: App) -> None:
    """Whoever comes from elsewhere than last time is let in first: all else asks the hosts."""
    if site.hosts:
        source = tools.targets.find(site.target).open_to(site.id, app.spec, site.root())
        if source:
            tools.progress.note(f"SSH is let in from {source} now, and from nowhere else")


def _under_way(
    tools: Tools, request: Request, verb: Literal["up", "run", "prepare"], app: App, site: Site, lock: HostLock
) -> Outcome:
    journal = journal_of(tools, site, verb, lock)
    newest = recover(tools, site, journal, home=not request.resumes)
    if request.resumes:
        retry.insist_on(request.resumes, newest)
    running, waiting = newest is not None and newest.state is RunState.RUNNING, retry.waits(newest)
    if newest is not None and newest.state is RunState.PREEMPTED:
        retry.await_end(tools, site, newest)
        site = as_it_stands(tools, site)
    app = pinned(tools, app, site, anew=not (running or waiting))
    app = with_arguments(tools, app, request, newest)
    no_deadline = request.no_deadline or (waiting and site.entry is not None and site.entry.no_deadline)
    ready = make_ready(tools, app, site, request.version, no_deadline=no_deadline, keep=request.keep)
    if newest is not None and running:
        _insist_on_version(request, newest, ready)
        return Outcome("attached", _at_home_here(tools, site), _attached(tools, newest, ready))
    if verb == "up" and newest and newest.state is RunState.SUCCEEDED and newest.fingerprint == ready.fingerprint:
        infrastructure.mend(tools, site)
        return Outcome("unchanged", _at_home_here(tools, site), newest)
    if newest is not None and waiting:
        newest, ready = retry.continued(tools, request, newest, ready)
    return bring(tools, ready, newest, journal, request, lock, start=verb != "prepare")


def _insist_on_version(request: Request, running: Run, ready: Ready) -> None:
    if request.version is not None and running.fingerprint != ready.fingerprint:
        raise UsageError(
            f"run {running.id} goes on with another version", hint="`cynthus cancel` ends it first; its machine stays"
        )


def _attached(tools: Tools, run: Run, ready: Ready) -> Run:
    """The run that goes on, if it is the one that was asked for."""
    if run.arguments != ready.app.arguments:
        raise UsageError(
            f"run {run.id} goes on with other arguments: {shlex.join(run.arguments) or 'none'}",
            hint="`cynthus cancel` ends it first; `cynthus update -- ...` restarts with others",
        )
    if run.fingerprint != ready.fingerprint:
        tools.progress.note("the folder has changed since: `cynthus update` restarts with what changed")
    return run


def _at_home_here(tools: Tools, site: Site) -> Site:
    """The index learns where a moved folder lies now."""
    if site.entry is None or site.entry.folder == str(site.folder):
        return site
    return with_entry(tools, site, folder=str(site.folder))


def with_arguments(tools: Tools, app: App, request: Request, newest: Run | None) -> App:
    """The app with the arguments that main.py gets: those typed after `--`, else the last run's."""
    if request.arguments is not None:
        return replace(app, arguments=request.arguments)
    if newest is None or not newest.arguments:
        return app
    tools.progress.note(f"arguments, as last time: {shlex.join(newest.arguments)} (`--` alone gives none)")
    return replace(app, arguments=newest.arguments)


def make_ready(
    tools: Tools, app: App, site: Site, version: str | None = None, *, no_deadline: bool = False,
    keep: bool | None = None,
) -> Ready:
    """Place the app and pack its source; what that comes to decides whether anything is to be done.

    With a `version` its environment and source count in the place of the folder's.

    Raises:
        UnknownVersion: there is none of that name, or it is not kept any more.
    """
    before = chosen_version(site, version) if version is not None else None
    app, target, placement = infrastructure.place(
        tools, app, site, as_it_was=before is not None, no_deadline=no_deadline, keep=keep
    )
    site = tell_taken_out(tools, site, target.named(app.spec))
    for reason in (*placement.reasons, *(app.image_notes(placement) if before is None else ())):
        tools.progress.note(reason)
    if before is not None:
        insist_on_runtime(site, before, placement.runtime)
        app, kept = as_version(site, app, before)
        tools.progress.note(f"version {before.name}, as in run {before.runs[0].id}")
        if in_place(site, before):
            tools.progress.warn("its requirements install something in place (-e), which is as it is now and not then")
    tell_needs(tools, app, site, placement)
    app = as_edited(tools, app, site, placement)
    source = kept if before is not None else pack_source(site, app, placement, tools.progress)
    for name in source.left_out:
        tools.progress.warn(
            f"{name} is over 1 GB and left out of the source: name it under `data:`, or write "
            f"!{name.rpartition('/')[2]} into .gitignore to take it along"
        )
    for name in source.large:
        tools.progress.warn(f"{name} is large for source code; name it in .gitignore to leave it out")
    content = _content(app, placement, site, source)
    environment = before.version.environment if before is not None else ""
    return Ready(site, app, target, placement, source, content, edits_fingerprint(site, target), environment)


def _content(app: App, placement: Placement, site: Site, source: Source) -> str:
    return fingerprint(app, app.run_document(placement, site.id), source.hash)


def bring(
    tools: Tools, ready: Ready, newest: Run | None, journal: Journal, request: Request, lock: HostLock, *, start: bool
) -> Outcome:
    """Make the hosts, make them ready, deploy, and start where asked to.

    What is only prepared is to cost nothing by the hour: then there is no host where one would be made.
    """
    if not start and ready.target.makes and not ready.site.hosts:
        return _prepare_without_hosts(tools, ready, newest, journal, request)
    if ready.site.gone or (ready.site.entry and ready.site.entry.phase == "gone"):
        # What stood before has saved its checkpoints, and nobody has brought them home.
        ready = replace(ready, site=with_entry(tools, ready.site, owed=True))
    ready = make_hosts(tools, ready, journal, yes=request.yes)
    with cost_told(tools, ready.site):
        return on_hosts(tools, ready, newest, journal, request, lock, start=start)


def on_hosts(
    tools: Tools, ready: Ready, newest: Run | None, journal: Journal, request: Request, lock: HostLock, *, start: bool
) -> Outcome:
    """Go on with hosts that stand: make them ready, deploy, and start where asked to."""
    site = ready.site
    lock.take(site)
    make_hosts_ready(tools, site, ready.placement, journal, yes=request.yes, allowed=request.allowed)
    lock.insist()
    ready = ready.with_files_written()
    lost = found_again(tools, site, newest)
    if lost is not None:
        tools.progress.note(f"run {lost.id}, whose host was given up, goes on there")
        return Outcome("attached", with_entry(tools, site, last_run=lost), lost)
    there = agents(tools, site)
    if start:
        prune(tools, site, there)
    run = _run_to_start(tools, site, ready, newest, request)
    if len(there) > 1 and newest is not None and newest.over:
        launch.end_leftovers(newest, there)
    app = through_bucket(tools, ready.target, site, ready.app, ready.placement, journal)
    owed = site.entry is not None and site.entry.owed
    plan = launch.Launch(site, app, ready.placement, run, ready.source.archive, restore=owed)
    if start:
        run = launch.start(tools, plan, there, journal)
    else:
        run = launch.deploy(tools, plan, there, journal, start=False)
    if ready.environment and ready.environment != run.version.environment:
        tools.progress.warn("its environment is not the one of that version: the host's Python is another one by now")
    site = with_entry(tools, site, last_run=run, owed=False)
    note_run(tools, site, run)
    return Outcome("started" if start else "prepared", site, run, app.spec.resources.spot)


def _prepare_without_hosts(
    tools: Tools, ready: Ready, newest: Run | None, journal: Journal, request: Request
) -> Outcome:
    site = make_long_lived(tools, ready, journal, yes=request.yes)
    through_bucket(tools, ready.target, site, ready.app, ready.placement, journal)
    run = _run_to_start(tools, site, ready.with_files_written(), newest, request)
    return Outcome("prepared", with_entry(tools, site, last_run=run), run)


def _run_to_start(tools: Tools, site: Site, ready: Ready, newest: Run | None, request: Request) -> Run:
    """The run that was prepared, or cut off before its start, if it is still the one wanted; else a new one."""
    if newest is not None and not newest.state.begun:
        if newest.fingerprint == ready.fingerprint:
            site.runs.save(newest)
            return newest
        withdraw(tools, site, newest, "cancelled: replaced before it started")
    if newest is not None and newest.state is RunState.PREEMPTED:
        launch.move(tools, site, newest, RunState.CANCELLED, "replaced while it rested")
    return launch.new_run(
        tools, site, ready.fingerprint, ready.app.arguments, nodes=ready.placement.nodes,
        version=request.version or "",
    )
