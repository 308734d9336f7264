"""`status`: what stands, what runs, what is not at home yet."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.errors import CynthusError, HostUnreachable
from cynthus.operations.bill import Asked, recorded_bill
from cynthus.operations.departure import departure_of
from cynthus.operations.found import all_runs
from cynthus.operations.gone import why_gone
from cynthus.operations.observe import observe
from cynthus.operations.outliving import what_outlives
from cynthus.operations.ports import ports_of
from cynthus.operations.retry import explained_loss
from cynthus.operations.saved import machine_gone, witnesses
from cynthus.operations.saving import saving_of
from cynthus.operations.side_by_side import side_by_side
from cynthus.operations.silence import (
    distant,
    in_time,
    last_heard,
    last_known_runs,
    note_heard,
    silent_hosts,
)
from cynthus.operations.site import agents, as_it_stands, folder_named, locate, locate_or_none, site_of
from cynthus.operations.strays import strays_of
from cynthus.operations.unsaved import unsaved
from cynthus.operations.warnings import warned
from cynthus.process import mentioning
from cynthus.state.folder import lock_path
from cynthus.state.holder import current_holder, here

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from cynthus.core.bill import Bill
    from cynthus.core.deployment import Host
    from cynthus.core.run import Run
    from cynthus.operations.departure import Departure
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.ports import ServedPort
    from cynthus.operations.saving import Saving
    from cynthus.operations.site import Site
    from cynthus.operations.strays import Strays
    from cynthus.operations.tools import Tools
    from cynthus.operations.warnings import Warned
    from cynthus.state.heard import Heard

LOOK = 45.0
"""Seconds that looking at one deployment may take; what is known at home is shown then."""


class Silence(Struct, frozen=True):
    """Why a host does not answer, and what it said last, None where that is not known."""

    error: HostUnreachable
    heard: Heard | None


class HostStatus(Struct, frozen=True):
    """One host: its name, and the status.json of the newest run's attempt there (None before one has started).

    `silence` is set where it does not answer; the report is None then.
    """

    name: str
    report: Mapping[str, object] | None
    silence: Silence | None = None
    gone: bool = False
    """Whether there is no such machine any more, and the report is what it has saved."""

    @property
    def ports(self) -> tuple[ServedPort, ...]:
        """Those of the run, as they are there."""
        return ports_of(self.report)

    @property
    def idle_since(self) -> str | None:
        """Since when it does nothing, where it does nothing and that is looked at."""
        found = (self.report or {}).get("idle_since")
        return str(found) if found else None

    @property
    def departure(self) -> Departure | None:
        """When it deletes itself; None where it stays."""
        return departure_of(self.report)

    @property
    def saving(self) -> Saving | None:
        """How far the run is saved in its bucket; None where it has none."""
        return saving_of(self.report)

    @property
    def warned(self) -> Warned:
        """What it warns of."""
        return warned(self.report)


class Status(Struct, frozen=True):
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
    stays: tuple[str, ...] = ()
    """What there still is of it where it has no host, with what it costs by the month; looked for where one deployment
    is asked for."""
    bill: Bill | None = None
    """What its machines have cost since it was last brought up; None where none was made."""


def status(
    tools: Tools, where: str | None, *, target: str | None = None, strays: bool = False, patience: float = LOOK
) -> Status:
    """One deployment, looked at as it is now, or as it is known where its hosts do not answer within `patience`."""
    found = _look_in_time(tools, [locate(tools, where, target=target)], patience, strays=strays)[0]()
    return found if found.site.hosts else replace(found, stays=what_outlives(tools, found.site))


def every_status(
    tools: Tools, *, strays: bool = False, patience: float = LOOK
) -> tuple[tuple[Status, ...], tuple[CynthusError, ...]]:
    """All of this user's deployments, oldest first, and the entries and deployments that cannot be looked at."""
    entries, problems = tools.index.all()
    found, unreadable = [], list(problems)
    sites = [as_it_stands(tools, site_of(entry)) for entry in entries]
    for look in _look_in_time(tools, sites, patience, strays=strays):
        try:
            found.append(look())
        except CynthusError as problem:
            unreadable.append(problem)
    return tuple(found), tuple(unreadable)


def names_a_deployment(tools: Tools, where: str | None) -> bool:
    """Whether `status` without an argument means the folder it is typed in: something was deployed from there."""
    return folder_named(where, tools.cwd_folder) is None or locate_or_none(tools, where) is not None


def _look_in_time(
    tools: Tools, sites: Sequence[Site], patience: float, *, strays: bool
) -> list[Callable[[], Status]]:
    """Look at all of them at once; gives what waits for each, but for none on a distant host without end."""
    looks = side_by_side([partial(_look, tools, site, strays=strays) for site in sites])
    deadline = time.monotonic() + patience

    def wait(site: Site, look: Future[Status]) -> Status:
        far = [host for host in site.hosts if distant(host)]
        try:
            # Where no host stands, a bucket is asked.
            return look.result(max(0.0, deadline - time.monotonic()) if far or not site.hosts else None)
        except TimeoutError:
            why = "" if far else f"what was saved has not been told within {patience:.0f} s"
            silent = {host.name: in_time(host, patience) for host in far}
            return replace(_look_at_home(tools, site, silent, why), bill=recorded_bill(tools, site))

    return [partial(wait, site, look) for site, look in zip(sites, looks, strict=True)]


def _look(tools: Tools, site: Site, *, strays: bool) -> Status:
    asked = Asked(tools, site)
    found = _looked(tools, site, strays=strays)
    beats = {host.name: str((host.report or {}).get("beat_at") or "") for host in found.hosts if host.gone}
    return replace(found, bill=asked.bill(beats=beats))


def _looked(tools: Tools, site: Site, *, strays: bool) -> Status:
    there = agents(tools, site)
    for agent in there:
        agent.connection.hurry()
    silent = {
        name: error for name, error in silent_hosts(tools, site).items() if not machine_gone(tools, site, name)
    }
    if silent and len(silent) == len(there):
        return _look_at_home(tools, site, silent)
    try:
        found = _look_at(tools, site, silent)
    except HostUnreachable as error:
        # Without silent ones it answered a moment ago; which host of several it was, the message says.
        return _look_at_home(tools, site, silent or {host.name: error for host in site.hosts[:1]}, _why(site, error))
    _note_heard(tools, found)
    asked = there if strays and not any(host.gone for host in found.hosts) else ()
    return replace(found, strays=strays_of(asked)) if asked else found


def _look_at(tools: Tools, site: Site, silent: Mapping[str, HostUnreachable]) -> Status:
    """Reading needs no lock: every record is written whole or not at all."""
    if not site.folder.is_dir():
        return _look_without_folder(tools, site, silent)
    runs = all_runs(tools, site)
    there = witnesses(tools, site, runs[-1] if runs else None)
    if runs:
        runs = (*runs[:-1], explained_loss(tools, site, observe(runs[-1], there, tools.clock)))
    run = runs[-1] if runs else None
    counted, uncounted = unsaved(site, runs, there)
    damaged, busy, hosts = _damaged(tools, site), _at_work(tools, site, run), _hosts(there, site, run, silent)
    problem = why_gone(site, (host.departure for host in hosts if host.gone))
    return Status(
        site, run, runs, hosts, counted, problem, damaged=damaged, at_work=busy, uncounted=uncounted
    )


def _why(site: Site, error: HostUnreachable) -> str:
    # Of a host that stands, what to do is told with it.
    return error.message if site.hosts else f"{error.message}; {error.hint}"


def _look_at_home(
    tools: Tools, site: Site, silent: Mapping[str, HostUnreachable], why: str = ""
) -> Status:
    """What is known here, where not every host can be asked."""
    runs = last_known_runs(site)
    run = runs[-1] if runs else None
    why = why or next(iter(silent.values())).message
    damaged = _damaged(tools, site) if site.folder.is_dir() else ()
    hosts = tuple(
        _silent_host(site, host, silent[host.name]) if host.name in silent else HostStatus(host.name, None)
        for host in site.hosts
    )
    busy = _at_work(tools, site, run)
    return Status(site, run, runs, hosts, (0, 0), why, damaged=damaged, at_work=busy, uncounted=why)


def _note_heard(tools: Tools, found: Status) -> None:
    """Remember what the hosts said, for the next time that somebody looks."""
    for host, told in zip(found.site.hosts, found.hosts, strict=False):
        if told.silence is None and not told.gone:
            note_heard(tools, found.site, host, found.run, told.report)


def _look_without_folder(tools: Tools, site: Site, silent: Mapping[str, HostUnreachable]) -> Status:
    """The records went with the folder: what the index and the host know is left."""
    there = agents(tools, site)
    known = site.entry.last_run if site.entry else None
    run = observe(known, there, tools.clock) if known else None
    runs = (run,) if run else ()
    counted, reason = unsaved(site, runs, there)
    problem = f"its folder is gone: {site.folder}"
    return Status(site, run, runs, _hosts(there, site, run, silent), counted, problem, uncounted=reason)


def _damaged(tools: Tools, site: Site) -> tuple[CynthusError, ...]:
    entry = tools.index.damage(site.id)
    return (*([entry] if entry else ()), *site.runs.damaged().values())


def _at_work(tools: Tools, site: Site, run: Run | None) -> tuple[str, ...]:
    holder = current_holder(lock_path(site.folder), here(), tools.clock.now())
    if holder is not None:
        return (str(holder),)
    if run is not None and run.state.begun and not run.over:
        return ()
    # Of a host far away only its agent knows what goes on there, and its paths may be some of this machine, too.
    home = site.entry.home if site.entry and site.entry.target == "local" else ""
    words = (str(site.root()), *filter(None, (home,)))
    left = {pid: line for word in words for pid, line in mentioning(word)}
    return tuple(f"left by a killed command: {line} (pid {pid})" for pid, line in sorted(left.items()))


def _hosts(
    there: Sequence[HostAgent], site: Site, run: Run | None, silent: Mapping[str, HostUnreachable]
) -> tuple[HostStatus, ...]:
    by_name = {host.name: host for host in site.hosts}
    return tuple(
        _silent_host(site, by_name[agent.name], silent[agent.name])
        if agent.name in silent
        else HostStatus(agent.name, agent.status(run.id, run.attempt) if run else None, gone=agent.gone)
        for agent in there
    )


def _silent_host(site: Site, host: Host, error: HostUnreachable) -> HostStatus:
    return HostStatus(host.name, None, Silence(error, last_heard(site, host.name)))
