"""Machines that were hosts of a deployment and are none any more: what was brought there stays, and that is told."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from cynthus.core.deployment import way_of
from cynthus.errors import CynthusError
from cynthus.operations.silence import distant
from cynthus.operations.site import with_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import PurePosixPath

    from cynthus.core.deployment import Host
    from cynthus.operations.abandon import Left
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

PATIENCE = 5.0
"""Seconds for such a machine to say whether anything is left there."""


def taken_out(known: Iterable[Host], named: Sequence[Host]) -> tuple[Host, ...]:
    """Those of the known machines that are not among the named ones, under whatever name.

    Not those that Terraform makes and deletes: they go with all that is on them.
    """
    found = {host.way: host for host in known if distant(host) and host.connection.instance_id is None}
    return tuple(host for host in found.values() if not any(host.may_be(each) for each in named))


def tell_taken_out(tools: Tools, site: Site, named: Sequence[Host]) -> Site:
    """Warn of each machine that is not named any more and not empty. One that was emptied since is forgotten.

    `named` is what the spec names; nothing is told of a target whose machines no spec names.
    """
    before = site.entry.left if site.entry else ()
    out = taken_out((*before, *site.hosts), named) if named else ()
    homes = _homes(tools, site, out)
    for host in out:
        if host in homes:
            _warn(tools, site, host, homes[host], _of_a_host(site) if host in site.hosts else _of_none())
    left = tuple(host for host in before if host in homes)
    return site if left == before else with_entry(tools, site, left=left)


def tell_not_emptied(tools: Tools, site: Site) -> tuple[Left, ...]:
    """Warn of the machines that `down` could not empty, since they are no hosts of the deployment any more."""
    out = site.entry.left if site.entry else ()
    return tuple(_warn(tools, site, host, home, _of_none()) for host, home in _homes(tools, site, out).items())


def _of_a_host(site: Site) -> str:
    return f"`cynthus down {site.id}` before anything else brings home what it saved, and empties it"


def _of_none() -> str:
    return "to empty it, name it in cynthus.yaml again, then `cynthus prepare`, `cynthus down`, and take it out"


def _warn(tools: Tools, site: Site, host: Host, home: PurePosixPath | None, way_out: str) -> Left:
    from cynthus.operations.abandon import left_on

    left = left_on(tools, site, host, home)
    tools.progress.warn(
        f"{host.name} ({way_of(host)}) is no machine of {site.name} any more, and keeps what was brought there: "
        f"{left.folder}{left.also}"
    )
    tools.progress.warn(f"{way_out}; or, to lose what is not at home, run {left.command}")
    return left


def _homes(tools: Tools, site: Site, hosts: Sequence[Host]) -> dict[Host, PurePosixPath | None]:
    """Where the deployment lies on each of them, None where that one does not answer; those that are empty are left
    out."""
    if not hosts:
        return {}
    from cynthus.operations.side_by_side import side_by_side

    asked = side_by_side([partial(_home, tools, site, host) for host in hosts])
    found: dict[Host, PurePosixPath | None] = {}
    deadline = time.monotonic() + PATIENCE
    for host, answer in zip(hosts, asked, strict=True):
        try:
            home, present = answer.result(max(0.0, deadline - time.monotonic()))
        except (CynthusError, OSError):  # of which a TimeoutError is one
            found[host] = None
        else:
            if present:
                found[host] = home
    return found


def _home(tools: Tools, site: Site, host: Host) -> tuple[PurePosixPath, bool]:
    from cynthus.operations.host_agent import HostAgent

    connection = tools.targets.find(site.target).connect(host, site.root())
    connection.hurry()
    agent = HostAgent(connection, site.id, host.name)
    return agent.home, agent.present
