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
    there = agents(tools, site)
    if not there:
        return
    pair = _pair(site, there[0])
    difference = compare(pair.connection, pair.source, pair.folder)
    shown = str(pair.folder.relative_to(site.folder))
    beside = _fetch(tools, pair, difference, shown)
    for remark in remarks(difference, beside, shown):
        tools.progress.warn(remark)


def unsaved_checkpoints(tools: Tools, site: Site) -> tuple[int, int]:
    """How many files, and bytes, are not at home."""
    there = agents(tools, site)
    if not there:
        return 0, 0
    return compare(there[0].connection, there[0].checkpoints, _folder(site)).size


def _fetch(tools: Tools, pair: Pair, difference: Difference, shown: str) -> tuple[Beside, ...]:
    if not difference.missing:
        return fetch(pair, difference, lambda _: None)
    with tools.progress.step("Bring checkpoints home") as step:
        beside = fetch(pair, difference, step.activity)
        step.result(f"{len(difference.missing)} of {len(difference.files)} copied to {shown}/")
        return beside


def _pair(site: Site, agent: HostAgent) -> Pair:
    folder = _folder(site)
    try:
        begun = known.parse(agent.connection.read(agent.checkpoints_begun) or b"")
    except OSError as error:
        raise pull_failed(error, folder) from error
    return Pair(agent.connection, agent.checkpoints, folder, site.paths.known_checkpoints, begun)


def _folder(site: Site) -> Path:
    """As the run document that was rendered last calls it."""
    named = site.document().get("checkpoints")
    return site.folder / (named if isinstance(named, str) and named else "checkpoints")
