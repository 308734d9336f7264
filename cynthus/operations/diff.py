"""`diff`: the user's edits of the rendered files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.operations import infrastructure
from cynthus.operations.site import locate

if TYPE_CHECKING:
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.render.edits import Edit


class Edited(Struct, frozen=True):
    """The edits of one root. Paths are relative to the root's folder."""

    root: str
    edits: tuple[Edit, ...]


def diff(tools: Tools, where: str | None, *, target: str | None = None) -> tuple[Site, tuple[Edited, ...]]:
    """What the user changed since the files were rendered. Reads only.

    Raises:
        UnknownDeployment: nothing has been rendered there.
    """
    site = locate(tools, where, target=target)
    roots = tools.targets.find(site.target).roots
    return site, tuple(Edited(root, infrastructure.workspace(site, root).edits()) for root in roots)
