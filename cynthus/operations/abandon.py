"""Giving up hosts that do not answer: they are forgotten here, and what stays on them is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable
from cynthus.operations.launch import move
from cynthus.operations.silence import last_known_runs
from cynthus.targets.ssh.way import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

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
    return tuple(left_on(tools, site, host) for host in site.hosts if host.name in silent)


def left_on(tools: Tools, site: Site, host: Host, home: PurePosixPath | None = None) -> Left:
    """What a host keeps. `home` is where the deployment lies there, if that one has said so."""
    folder = str(home or _folder(site, host))
    container = site.document().get("runtime") == "container" or bool(site.entry and site.entry.runtime == "container")
    labelled = f"; containers and images with the label cynthus-deployment={site.id}"
    python = tools.targets.find(site.target).connect(host, site.root()).python
    remove = (python, "-I", "-S", f"{folder}/agent.pyz", "remove", "--home", folder)
    return Left(host.name, host.address, folder, labelled if container else "", by_hand(host, remove))


def give_up_run(tools: Tools, site: Site, verb: str) -> Run | None:
    """The newest run, which ends here if it went on as far as anybody knows. What a killed command left is ended."""
    tools.ansible.end_leftovers()
    run = next(reversed(last_known_runs(site)), None)
    if run is not None and run.state is RunState.PREEMPTED:
        return move(tools, site, run, RunState.CANCELLED, f"by `cynthus {verb} --discard` while it rested")
    if run is None or run.over:
        return run
    if run.state is RunState.RUNNING:
        return move(tools, site, run, RunState.LOST, "its host did not answer and was given up")
    return move(tools, site, run, RunState.CANCELLED, f"by `cynthus {verb} --discard`, which gave up its host")


def told(left: Left) -> Iterator[str]:
    """What a person has to know, a sentence each."""
    yield f"left on {left.host} ({left.address}): {left.folder}{left.also}"
    yield f"once it is back, this removes that: {left.command}"


def _folder(site: Site, host: Host) -> str:
    # Known is where it lies on the first host; each user has another home.
    if site.entry and site.entry.home and host.user in [each.user for each in site.hosts[:1]]:
        return site.entry.home
    return f"/opt/cynthus/{site.id}" if host.user == "root" else f".local/share/cynthus/{site.id}"
