"""`render`: write the Terraform and Ansible files, or say whether they are as they would be written."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import UsageError
from cynthus.operations import infrastructure
from cynthus.operations.app import load_app
from cynthus.operations.at_work import holding
from cynthus.operations.edits import tell_needs
from cynthus.operations.elsewhere import pinned
from cynthus.operations.identity import identify, look_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Request
    from cynthus.render.workspace import FileChange


class Written(Struct, frozen=True):
    """Where the files lie, and what became (or, for a check, would become) of each."""

    site: Site
    changes: tuple[FileChange, ...]

    @property
    def stale(self) -> bool:
        """Whether writing would change anything."""
        return any(change.kind not in ("same", "kept", "deleted-by-user") for change in self.changes)


def render(tools: Tools, request: Request, restore: Sequence[str] = ()) -> Written:
    """Write the files of every root, keeping the user's edits.

    `restore` names deleted files, or folders of them, that are to come back; `.` means all.

    Raises:
        UsageError: nothing was deleted there.
        RenderConflict: an edit and a new version touch the same lines; nothing was written.
    """
    app = load_app(tools, request.where, target=request.target)
    with holding(tools, app.folder, "render"):
        site = identify(tools, app.folder, app.spec, yes=request.yes)
        site.paths.create()
        app = pinned(tools, app, site, anew=False)
        app, target, placement = infrastructure.place(tools, app, site)
        tell_needs(tools, app, site, placement)
        compared = infrastructure.compare(tools, app, site, target, placement) if restore else ()
        deleted = [change.path for change in compared if change.kind == "deleted-by-user"]
        wanted = [path for word in restore for path in _deleted_at(site, word, deleted)]
        return Written(site, infrastructure.write(tools, app, site, target, placement, wanted))


def _deleted_at(site: Site, word: str, deleted: Sequence[str]) -> list[str]:
    """The deleted files that a path means: in the root, or as it is seen from the user's folder."""
    path = PurePosixPath(word)
    root = PurePosixPath(site.root().relative_to(site.folder))
    path = path.relative_to(root) if path.is_relative_to(root) else path
    found = [each for each in deleted if PurePosixPath(each).is_relative_to(path)]
    if not found:
        listed = f"deleted are: {', '.join(deleted)}" if deleted else "no file of it is deleted"
        raise UsageError(
            f"{word}: no file is deleted there in {root}/, so there is nothing to bring back",
            hint=f"{listed}; to have a file that you edited as it was rendered, delete it first",
        )
    return found


def check(tools: Tools, request: Request) -> Written:
    """Compare without touching anything."""
    app = load_app(tools, request.where, target=request.target)
    site, _ = look_up(tools, app.folder, app.spec)
    app = pinned(tools, app, site, anew=False)
    app, target, placement = infrastructure.place(tools, app, site)
    return Written(site, infrastructure.compare(tools, app, site, target, placement))
