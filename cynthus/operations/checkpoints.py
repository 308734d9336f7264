"""Checkpoints belong to the deployment and not to one run. They come home before the deployment goes, and a later one
begins with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.progress import Unsaid
from cynthus.operations.fetch import Pair, compare, fetch, pull_failed, remarks
from cynthus.state import known

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.operations.fetch import Beside, Difference
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


def bring_checkpoints_home(tools: Tools, site: Site, there: Sequence[HostAgent]) -> None:
    """Copy them into the folder that the app calls its checkpoints. One that was changed at home is kept, too.

    Raises:
        PullFailed: something could not be read or written; everything else was copied.
    """
    for agent in there:
        pair = checkpoints_pair(site, agent, several=len(there) > 1)
        difference = compare(pair.connection, pair.source, pair.folder)
        shown = str(pair.folder.relative_to(site.folder))
        beside = _fetch(tools, pair, difference, shown)
        for remark in remarks(difference, beside, shown):
            tools.progress.warn(remark)


def unsaved_checkpoints(site: Site, there: Sequence[HostAgent]) -> tuple[int, int]:
    """How many files, and bytes, are not at home."""
    several = len(there) > 1
    folders = [(agent, _folder(site, agent, several=several)) for agent in there]
    sizes = [compare(agent.connection, agent.checkpoints, folder).size for agent, folder in folders]
    return sum(files for files, _ in sizes), sum(size for _, size in sizes)


def _fetch(tools: Tools, pair: Pair, difference: Difference, shown: str) -> tuple[Beside, ...]:
    if not difference.missing:
        return fetch(pair, difference, Unsaid())
    with tools.progress.step("Bring checkpoints home") as step:
        beside = fetch(pair, difference, step)
        step.result(f"{len(difference.missing)} of {len(difference.files)} copied to {shown}/")
        return beside


def checkpoints_pair(site: Site, agent: HostAgent, *, several: bool) -> Pair:
    """The checkpoints on a host, which is one of `several` or the only one, and their folder at home.

    Raises:
        PullFailed: what they began with cannot be read.
    """
    folder = _folder(site, agent, several=several)
    known_there = site.paths.known_checkpoints(agent.name if several else "")
    try:
        # A host that is gone has told it before, if it ever could.
        begun = known.load(known_there) if agent.gone else known.parse(
            agent.connection.read(agent.checkpoints_begun) or b""
        )
    except OSError as error:
        raise pull_failed(error, folder) from error
    return Pair(agent.connection, agent.checkpoints, folder, known_there, begun)


def _folder(site: Site, agent: HostAgent, *, several: bool) -> Path:
    """As the run document that was rendered last calls it; where there are several hosts, each has a folder in it."""
    named = site.document().get("checkpoints")
    folder = site.folder / (named if isinstance(named, str) and named else "checkpoints")
    return folder / agent.name if several else folder
