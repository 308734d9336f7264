"""`plan`: what `up` would make and what it would cost. The files are written, nothing else is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.operations import infrastructure, roots
from cynthus.operations.app import load_app
from cynthus.operations.at_work import holding
from cynthus.operations.edits import tell_needs
from cynthus.operations.elsewhere import coming, pinned
from cynthus.operations.expiry import expiry
from cynthus.operations.gpus import aged
from cynthus.operations.identity import identify
from cynthus.operations.preflight import asked, makes_some
from cynthus.operations.remains import explained
from cynthus.operations.taken_out import tell_taken_out

if TYPE_CHECKING:
    from cynthus.core.finding import Finding
    from cynthus.core.placement import Considered
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
            app = pinned(tools, app, site)
            app, target, placement = infrastructure.place(tools, app, site, no_deadline=request.no_deadline)
            site = tell_taken_out(tools, site, target.named(app.spec))
            tell_needs(tools, app, site, placement)
            infrastructure.write(tools, app, site, target, placement)
            roots.write_runtime(tools, site, target, app, placement)
            sent = asked(tools, site, target.preflight(app.spec, placement, target.roots))
            try:
                offer = replace(target.offer(app.spec, placement), deletes_itself_at=expiry(site))
                prepared = roots.plan(tools, site, offer, target.roots)
                data = coming(tools, site, app.run_document(placement, site.id))
            finally:
                roots.forget_plans(site, target.roots)
    reasons = (*placement.reasons, *aged(tools, target))
    amiss = sent.amiss(tools) if sent is not None and makes_some(prepared.plan) else ()
    return Planned(site, replace(prepared, data=data), reasons, placement.considered, amiss)


class Planned(Struct, frozen=True):
    """The plan with its offer, why the app would be placed there, and which machines there were to choose from."""

    site: Site
    prepared: Prepared
    reasons: tuple[str, ...]
    considered: tuple[Considered, ...] = ()
    amiss: tuple[Finding, ...] = ()
    """What `up` would stumble over, as far as the place tells."""
