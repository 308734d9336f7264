"""`plan`: what `up` would make and what it would cost. The files are written, nothing else is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.operations import infrastructure
from cynthus.operations.app import load_app
from cynthus.operations.at_work import holding
from cynthus.operations.identity import identify
from cynthus.operations.remains import explained

if TYPE_CHECKING:
    from cynthus.operations.offer import Prepared
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Request


def plan(tools: Tools, request: Request) -> Planned:
    """Write the files, let Terraform plan, and tell. The plan is not kept: `up` makes its own and asks about that."""
    app = load_app(tools, request.where, target=request.target)
    with holding(tools, app.folder, "plan"):
        site = identify(tools, app.folder, app.spec, yes=request.yes)
        site.paths.create()
        with explained(site):
            target, placement = infrastructure.place(tools, app, site)
            infrastructure.write(tools, app, site, target, placement)
            try:
                prepared = infrastructure.plan(tools, site, target.offer(app.spec, placement))
            finally:
                site.paths.plan.unlink(missing_ok=True)
    return Planned(site, prepared, placement.reasons)


class Planned(Struct, frozen=True):
    """The plan with its offer, and why the app would be placed there."""

    site: Site
    prepared: Prepared
    reasons: tuple[str, ...]
