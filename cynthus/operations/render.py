"""`render`: write the Terraform and Ansible files, or say whether they are as they would be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cynthus.operations import infrastructure
from cynthus.operations.app import load_app
from cynthus.operations.at_work import holding
from cynthus.operations.identity import identify, look_up

if TYPE_CHECKING:
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Request
    from cynthus.render.workspace import FileChange


@dataclass(frozen=True)
class Written:
    """Where the files lie, and what became (or, for a check, would become) of each."""

    site: Site
    changes: tuple[FileChange, ...]

    @property
    def stale(self) -> bool:
        """Whether writing would change anything."""
        return any(change.kind not in ("same", "kept", "deleted-by-user") for change in self.changes)


def render(tools: Tools, request: Request) -> Written:
    """Write the files of every root, keeping the user's edits.

    Raises:
        RenderConflict: an edit and a new version touch the same lines; nothing was written.
    """
    app = load_app(tools, request.where, target=request.target)
    with holding(tools, app.folder, "render"):
        site = identify(tools, app.folder, app.spec, yes=request.yes)
        site.paths.create()
        target, placement = infrastructure.place(tools, app, site)
        return Written(site, infrastructure.write(tools, app, site, target, placement))


def check(tools: Tools, request: Request) -> Written:
    """Compare without touching anything."""
    app = load_app(tools, request.where, target=request.target)
    site, _ = look_up(tools, app.folder, app.spec)
    target, placement = infrastructure.place(tools, app, site)
    return Written(site, infrastructure.compare(tools, app, site, target, placement))
