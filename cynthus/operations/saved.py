"""Who tells of a run: the agents of its hosts, or, where those are gone, what they have saved in their bucket."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.errors import HostUnreachable
from cynthus.files import read_json
from cynthus.operations.host_agent import HostAgent
from cynthus.operations.saved_host import SavedHost
from cynthus.operations.site import agents, newest_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


def readers(tools: Tools, site: Site, run: Run) -> tuple[HostAgent, ...]:
    """Those that tell of a run, one for each of its hosts; none where there is no host and nothing was saved.

    For looking only: who stands for a host that is gone can do nothing there, and is `gone`.
    """
    there = agents(tools, site)[: run.nodes]
    address = bucket_of(site, run)
    if address is None or not _seen_from_here(site, address):
        return there
    standing = [not _is_gone(tools, site, run, agent) for agent in there]
    if standing and all(standing) and run.attempt == 1:
        return there
    saved = tuple(_saved(tools, site, address, rank, there) for rank in range(run.nodes))
    if run.attempt > 1:
        there = tuple(replace(agent, earlier=each) for agent, each in zip(there, saved, strict=False))
    return tuple(there[rank] if rank < len(there) and standing[rank] else saved[rank] for rank in range(run.nodes))


def savers(tools: Tools, site: Site, run: Run) -> tuple[HostAgent, ...]:
    """What the hosts of a run have saved, one for each, also where they stand; none where it was saved nowhere, or that
    cannot be seen from here."""
    address, there = bucket_of(site, run), agents(tools, site)[: run.nodes]
    if address is None or not _seen_from_here(site, address):
        return ()
    return tuple(_saved(tools, site, address, rank, there) for rank in range(run.nodes))


def tellers(tools: Tools, site: Site) -> tuple[HostAgent, ...]:
    """The agents of the deployment's hosts; where those are gone, what the newest run has saved."""
    return _saved_or_there(tools, site, newest_run(site))


def witnesses(tools: Tools, site: Site, newest: Run | None) -> tuple[HostAgent, ...]:
    """The same for a look that should cost little: after `down` all that was saved is at home, and nobody asks."""
    at_home = newest is not None and not site.hosts and newest.state.ended and newest.pulled
    return _saved_or_there(tools, site, None if at_home else newest)


def _saved_or_there(tools: Tools, site: Site, run: Run | None) -> tuple[HostAgent, ...]:
    saved = readers(tools, site, run) if run else ()
    return saved if any(agent.gone for agent in saved) else agents(tools, site)


def bucket_of(site: Site, run: Run) -> str | None:
    """Where the hosts of a run save it; None for nowhere."""
    try:
        document = read_json(site.paths.runs / run.id / "spec.json") or site.document()
    except (OSError, ValueError):
        document = site.document()
    named = document.get("bucket")
    return named if isinstance(named, str) else None


def _is_gone(tools: Tools, site: Site, run: Run, agent: HostAgent) -> bool:
    """Whether nothing of the deployment is on a host any more, or there is no such machine."""
    if not run.state.begun:
        # There is nothing on its host yet; that may still be the one on which an attempt before has ended.
        return run.attempt > 1 and machine_gone(tools, site, agent.name)
    try:
        return not agent.present
    except HostUnreachable:
        return machine_gone(tools, site, agent.name)


def machine_gone(tools: Tools, site: Site, name: str) -> bool:
    """Whether the target knows that the machine of that name was deleted."""
    target = tools.targets.find(site.target)
    hosts = [host for host in site.hosts if host.name == name]
    return bool(target.gone(hosts))


def all_gone(there: Sequence[HostAgent]) -> bool:
    """Whether all that tells is a bucket."""
    return bool(there) and all(agent.gone for agent in there)


def _seen_from_here(site: Site, address: str) -> bool:
    # The folder of another machine is that machine's.
    return address.startswith("gs://") or site.target == "local"


def _saved(tools: Tools, site: Site, address: str, rank: int, there: Sequence[HostAgent]) -> HostAgent:
    agent = there[rank] if rank < len(there) else HostAgent(tools.here, site.id, f"host-{rank}", rank)
    host = SavedHost(site.id, rank, agent.name, address, partial(tools.open_bucket, address))
    return replace(agent, connection=host, gone=True)
