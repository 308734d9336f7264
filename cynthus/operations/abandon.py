"""Giving up hosts that do not answer: they are forgotten here, and what stays on them is told."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable
from cynthus.operations.launch import move
from cynthus.operations.silence import last_known_runs
from cynthus.operations.site import agents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.core.deployment import Host
    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


class Left(Struct, frozen=True):
    """What stays on a host that was given up: the deployment's folder there, what else is there, and the command that
    removes all of it once the host is back."""

    host: str
    address: str
    folder: str
    also: str
    command: str


def insist_on_answers(site: Site, silent: Mapping[str, HostUnreachable]) -> None:
    """Keep a deployment whose hosts do not answer: what is on them could neither be brought home nor removed.

    Raises:
        HostUnreachable: there is one that does not; it names the way to give it up.
    """
    for error in silent.values():
        raise HostUnreachable(
            f"{error.message}; nothing was removed",
            hint=f"{error.hint}; `cynthus down {site.id} --discard` forgets the host, with what is not at home",
            details=error.details,
        )


def what_stays(tools: Tools, site: Site, silent: Mapping[str, HostUnreachable]) -> tuple[Left, ...]:
    """What the hosts keep that do not answer."""
    pairs = zip(site.hosts, agents(tools, site), strict=True)
    return tuple(_left(site, host, agent.connection.python) for host, agent in pairs if host.name in silent)


def give_up_run(tools: Tools, site: Site, verb: str) -> Run | None:
    """The newest run, which ends here if it went on as far as anybody knows. What a killed command left is ended."""
    tools.ansible.end_leftovers()
    run = next(reversed(last_known_runs(site)), None)
    if run is None or run.over:
        return run
    if run.state is RunState.RUNNING:
        return move(tools, site, run, RunState.LOST, "its host did not answer and was given up")
    return move(tools, site, run, RunState.CANCELLED, f"by `cynthus {verb} --discard`, which gave up its host")


def told(left: Left) -> Iterator[str]:
    """What a person has to know, a sentence each."""
    yield f"left on {left.host} ({left.address}): {left.folder}{left.also}"
    yield f"once it is back, this removes that: {left.command}"


def _left(site: Site, host: Host, python: str) -> Left:
    folder = _folder(site, host)
    container = site.document().get("runtime") == "container" or bool(site.entry and site.entry.runtime == "container")
    labelled = f"; containers and images with the label cynthus-deployment={site.id}"
    remove = shlex.join((python, "-I", "-S", f"{folder}/agent.pyz", "remove", "--home", folder))
    return Left(host.name, host.address, folder, labelled if container else "", shlex.join((*_ssh(host), remove)))


def _folder(site: Site, host: Host) -> str:
    if site.entry and site.entry.home:
        return site.entry.home
    return f"/opt/cynthus/{site.id}" if host.user == "root" else f".local/share/cynthus/{site.id}"


def _ssh(host: Host) -> tuple[str, ...]:
    return (
        "ssh",
        *(("-p", str(host.port)) if host.port != 22 else ()),
        *(("-i", host.connection.key) if host.connection.key else ()),
        *(("-J", host.connection.proxy_jump) if host.connection.proxy_jump else ()),
        f"{host.user}@{host.address}" if host.user else host.address,
    )
