"""`status`: what stands, what runs, what is not at home yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from cynthus.errors import CynthusError, PullFailed
from cynthus.operations.checkpoints import unsaved_checkpoints
from cynthus.operations.found import all_runs
from cynthus.operations.observe import observe
from cynthus.operations.ports import ports_of
from cynthus.operations.pull import not_at_home
from cynthus.operations.site import agents, folder_named, locate, locate_or_none, site_of
from cynthus.operations.strays import strays_of
from cynthus.process import mentioning
from cynthus.state.folder import lock_path
from cynthus.state.holder import current_holder, here

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.ports import ServedPort
    from cynthus.operations.site import Site
    from cynthus.operations.strays import Strays
    from cynthus.operations.tools import Tools


HOSTS_GONE = (
    "its hosts are gone from Terraform's state; `cynthus down` removes what is left, `cynthus run` makes them again"
)


@dataclass(frozen=True)
class HostStatus:
    """One host: its name, and the status.json of the newest run's attempt there (None before one has started)."""

    name: str
    report: Mapping[str, object] | None

    @property
    def ports(self) -> tuple[ServedPort, ...]:
        """Those of the run, as they are there."""
        return ports_of(self.report)


@dataclass(frozen=True)
class Status:
    """One deployment. `unsaved` is how many files, and bytes, of its runs are not at home.

    What cannot be looked into is not in it, and `uncounted` says why.

    `strays` were never promised to come home, so they do not count as that; they are looked for where asked for.
    """

    site: Site
    run: Run | None
    runs: tuple[Run, ...]
    hosts: tuple[HostStatus, ...]
    unsaved: tuple[int, int]
    problem: str = ""
    strays: tuple[Strays, ...] = ()
    damaged: tuple[CynthusError, ...] = ()
    """Records of it that cannot be read; what is shown in their place was found elsewhere."""
    at_work: tuple[str, ...] = ()
    """Who holds the deployment right now, or what a killed command has left at work, a sentence each."""
    uncounted: str = ""


def status(tools: Tools, where: str | None, *, target: str | None = None, strays: bool = False) -> Status:
    """One deployment, looked at as it is now."""
    return _look(tools, locate(tools, where, target=target), strays=strays)


def every_status(tools: Tools, *, strays: bool = False) -> tuple[tuple[Status, ...], tuple[CynthusError, ...]]:
    """All of this user's deployments, oldest first, and the entries and deployments that cannot be looked at."""
    entries, problems = tools.index.all()
    found, unreadable = [], list(problems)
    for entry in entries:
        try:
            found.append(_look(tools, site_of(entry), strays=strays))
        except CynthusError as problem:
            unreadable.append(problem)
    return tuple(found), tuple(unreadable)


def names_a_deployment(tools: Tools, where: str | None) -> bool:
    """Whether `status` without an argument means the folder it is typed in: something was deployed from there."""
    return folder_named(where, tools.cwd_folder) is None or locate_or_none(tools, where) is not None


def _look(tools: Tools, site: Site, *, strays: bool) -> Status:
    found = _look_at(tools, site)
    return replace(found, strays=strays_of(agents(tools, site))) if strays else found


def _look_at(tools: Tools, site: Site) -> Status:
    """Reading needs no lock: every record is written whole or not at all."""
    if not site.folder.is_dir():
        return _look_without_folder(tools, site)
    runs = all_runs(tools, site)
    there = agents(tools, site)
    if runs:
        runs = (*runs[:-1], observe(runs[-1], there, tools.clock))
    run = runs[-1] if runs else None
    unsaved, uncounted = _unsaved(tools, site, runs, there)
    problem = HOSTS_GONE if site.hosts_gone else ""
    damaged, busy = _damaged(tools, site), _at_work(tools, site, run)
    return Status(
        site, run, runs, _hosts(tools, site, run), unsaved, problem, damaged=damaged, at_work=busy, uncounted=uncounted
    )


def _look_without_folder(tools: Tools, site: Site) -> Status:
    """The records went with the folder: what the index and the host know is left."""
    there = agents(tools, site)
    known = site.entry.last_run if site.entry else None
    run = observe(known, there, tools.clock) if known else None
    runs = (run,) if run else ()
    unsaved, reason = _unsaved(tools, site, runs, there)
    problem = f"its folder is gone: {site.folder}"
    return Status(site, run, runs, _hosts(tools, site, run), unsaved, problem, uncounted=reason)


def _unsaved(
    tools: Tools, site: Site, runs: tuple[Run, ...], there: tuple[HostAgent, ...]
) -> tuple[tuple[int, int], str]:
    """How many files, and bytes, and the first reason for which something could not be counted."""
    if all(agent.absent for agent in there):
        return (0, 0), ""
    looks = [*(partial(not_at_home, site, run, there) for run in runs), partial(unsaved_checkpoints, tools, site)]
    counts, reasons = [], []
    for look in looks:
        try:
            counts.append(look())
        except PullFailed as error:
            reasons.append(error.message)
    return (sum(files for files, _ in counts), sum(size for _, size in counts)), next(iter(reasons), "")


def _damaged(tools: Tools, site: Site) -> tuple[CynthusError, ...]:
    entry = tools.index.damage(site.id)
    return (*([entry] if entry else ()), *site.runs.damaged().values())


def _at_work(tools: Tools, site: Site, run: Run | None) -> tuple[str, ...]:
    holder = current_holder(lock_path(site.folder), here(), tools.clock.now())
    if holder is not None:
        return (str(holder),)
    if run is not None and run.state.begun and not run.over:
        return ()
    words = (str(site.root()), *((site.entry.home,) if site.entry and site.entry.home else ()))
    left = {pid: line for word in words for pid, line in mentioning(word)}
    return tuple(f"left by a killed command: {line} (pid {pid})" for pid, line in sorted(left.items()))


def _hosts(tools: Tools, site: Site, run: Run | None) -> tuple[HostStatus, ...]:
    return tuple(
        HostStatus(host.name, agent.status(run.id, run.attempt) if run else None)
        for host, agent in zip(site.hosts, agents(tools, site), strict=True)
    )
