"""`status`: what stands, what runs, what is not at home yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cynthus.operations.observe import observe
from cynthus.operations.pull import not_at_home
from cynthus.operations.site import agents, folder_named, locate, site_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.run import Run
    from cynthus.errors import CynthusError
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


@dataclass(frozen=True)
class HostStatus:
    """One host: its name, and the status.json of the newest run's attempt there (None before one has started)."""

    name: str
    report: Mapping[str, object] | None


@dataclass(frozen=True)
class Status:
    """One deployment. `unsaved` is how many files, and bytes, of the newest run are not at home."""

    site: Site
    run: Run | None
    runs: tuple[Run, ...]
    hosts: tuple[HostStatus, ...]
    unsaved: tuple[int, int]
    problem: str = ""


def status(tools: Tools, where: str | None, *, target: str | None = None) -> Status:
    """One deployment, looked at as it is now."""
    return _look(tools, locate(tools, where, target=target))


def every_status(tools: Tools) -> tuple[tuple[Status, ...], tuple[CynthusError, ...]]:
    """All of this user's deployments, oldest first, and the records that cannot be read."""
    entries, problems = tools.index.all()
    return tuple(_look(tools, site_of(entry)) for entry in entries), tuple(problems)


def names_a_deployment(tools: Tools, where: str | None) -> bool:
    """Whether `status` without an argument means the folder it is typed in: something was deployed from there."""
    folder = folder_named(where, tools.cwd_folder)
    return folder is None or bool(tools.index.by_folder(folder))


def _look(tools: Tools, site: Site) -> Status:
    """Reading needs no lock: every record is written whole or not at all."""
    if not site.folder.is_dir():
        run = site.entry.last_run if site.entry else None
        return Status(site, run, (run,) if run else (), (), (0, 0), f"its folder is gone: {site.folder}")
    runs = site.runs.all()
    if not runs:
        return Status(site, None, (), _hosts(tools, site, None), (0, 0))
    there = agents(tools, site)
    if not there or not there[0].present:
        return Status(site, runs[-1], runs, (), (0, 0))
    run = observe(runs[-1], there[0], tools.clock)
    return Status(site, run, (*runs[:-1], run), _hosts(tools, site, run), not_at_home(site, run, there[0]))


def _hosts(tools: Tools, site: Site, run: Run | None) -> tuple[HostStatus, ...]:
    return tuple(
        HostStatus(host.name, agent.status(run.id, run.attempt) if run else None)
        for host, agent in zip(site.hosts, agents(tools, site), strict=True)
    )
