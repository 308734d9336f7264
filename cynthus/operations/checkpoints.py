"""Checkpoints belong to the deployment and not to one run. They come home before the deployment goes, and a later one
begins with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import PullFailed
from cynthus.operations.fetch import fetch_folder, missing
from cynthus.operations.site import agents

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


def bring_checkpoints_home(tools: Tools, site: Site) -> None:
    """Copy them into the folder that the app calls its checkpoints.

    Raises:
        PullFailed: something could not be read or written, or was changed later at home; everything else was copied.
    """
    there = agents(tools, site)
    if not there or not any(unsaved_checkpoints(tools, site)):
        return
    with tools.progress.step("Bring checkpoints home") as step:
        folder = _folder(site)
        source = there[0].home / "checkpoints"
        # The folder is the user's, too: what they have put there since is not written over.
        fetched = fetch_folder(there[0].connection, source, folder, step, keep_newer=True)
        if fetched.left:
            raise PullFailed(
                f"{folder / fetched.left[0].path} differs from the host's, and was changed later",
                hint="move yours aside to get the host's, too; `cynthus down --discard` loses the host's",
            )
        step.result(f"{len(fetched.copied)} of {len(fetched.files)} copied to {folder.relative_to(site.folder)}/")


def unsaved_checkpoints(tools: Tools, site: Site) -> tuple[int, int]:
    """How many files, and bytes, are not at home."""
    there = agents(tools, site)
    if not there:
        return 0, 0
    return missing(there[0].connection, there[0].home / "checkpoints", _folder(site))


def _folder(site: Site) -> Path:
    """As the run document that was rendered last calls it."""
    named = site.document().get("checkpoints")
    return site.folder / (named if isinstance(named, str) and named else "checkpoints")
