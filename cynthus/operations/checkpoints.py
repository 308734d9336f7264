"""Checkpoints belong to the deployment and not to one run. They come home before the deployment goes, and a later one
begins with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.operations.fetch import Pair, compare, fetch, pull_failed, remarks
from cynthus.operations.site import agents
from cynthus.state import known

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.operations.fetch import Beside, Difference
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


def bring_checkpoints_home(tools: Tools, site: Site) -> None:
    """Copy them into the folder that the app calls its checkpoints. One that was changed at home is kept, too.

    Raises:
        PullFailed: something could not be read or written; everything else was copied.
    """
    for agent in agents(tools, site):
        pair = _pair(site, agent)
        difference = compare(pair.connection, pair.source, pair.folder)
        shown = str(pair.folder.relative_to(site.folder))
        beside = _fetch(tools, pair, difference, shown)
        for remark in remarks(difference, beside, shown):
            tools.progress.warn(remark)


def unsaved_checkpoints(tools: Tools, site: Site) -> tuple[int, int]:
    """How many files, and bytes, are not at home."""
    sizes = [
        compare(agent.connection, agent.checkpoints, _folder(site, agent)).size for agent in agents(tools, site)
    ]
    return sum(files for files, _ in sizes), sum(size for _, size in sizes)


def _fetch(tools: Tools, pair: Pair, difference: Difference, shown: str) -> tuple[Beside, ...]:
    if not difference.missing:
        return fetch(pair, difference, lambda _: None)
    with tools.progress.step("Bring checkpoints home") as step:
        beside = fetch(pair, difference, step.activity)
        step.result(f"{len(difference.missing)} of {len(difference.files)} copied to {shown}/")
        return beside


def _pair(site: Site, agent: HostAgent) -> Pair:
    folder = _folder(site, agent)
    try:
        begun = known.parse(agent.connection.read(agent.checkpoints_begun) or b"")
    except OSError as error:
        raise pull_failed(error, folder) from error
    known_there = site.paths.known_checkpoints(agent.name if len(site.hosts) > 1 else "")
    return Pair(agent.connection, agent.checkpoints, folder, known_there, begun)


def _folder(site: Site, agent: HostAgent) -> Path:
    """As the run document that was rendered last calls it; where there are several hosts, each has a folder in it."""
    named = site.document().get("checkpoints")
    folder = site.folder / (named if isinstance(named, str) and named else "checkpoints")
    return folder / agent.name if len(site.hosts) > 1 else folder
