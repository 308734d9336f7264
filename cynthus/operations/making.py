"""Making the hosts, and what lives longer than they do: write, plan, ask, and apply exactly those plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.errors import TerraformError
from cynthus.operations import infrastructure, roots
from cynthus.operations.elsewhere import coming
from cynthus.operations.expiry import expiry
from cynthus.operations.failover import look_at_all, make_somewhere
from cynthus.operations.offer import accept
from cynthus.operations.preflight import checked, makes_some
from cynthus.operations.site import COMPUTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.operations.elsewhere import Coming
    from cynthus.operations.failover import Made, Placed
    from cynthus.operations.offer import Prepared
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Ready
    from cynthus.state.journal import Journal


def make_hosts(tools: Tools, ready: Ready, journal: Journal, *, yes: bool, fetching: bool = True) -> Ready:
    """All roots; nothing is applied where nothing would change. Gives what is known then, with hosts and their place.

    Where data will come from elsewhere (`fetching`), that is part of what is asked.

    Raises:
        HostUnreachable: a host was made and does not answer.
    """
    before, site = ready.site.hosts, written(tools, ready.site, ready)
    kept = roots.write_runtime(tools, site, ready.target, ready.app, ready.placement)
    made = make(tools, site, ready, journal, yes=yes, fetching=fetching, kept=kept)
    if made is None:
        return replace(ready, site=site)
    site = infrastructure.record(tools, site, made.placement, made.outputs, made.offer, before)
    ready = replace(ready, site=site)
    if made.placement == ready.placement:
        return ready
    return replace(ready, placement=made.placement).with_source(ready.source)


def make(
    tools: Tools, site: Site, placed: Placed, journal: Journal, *, yes: bool, fetching: bool = True, kept: bool = False
) -> Made | None:
    """Plan what was written, ask, and apply exactly those plans; None where all stands already. `kept`: the values of
    run time are those of hosts that stand.

    Raises:
        UsageError, ConfirmationNeeded: nobody said yes.
    """
    due = roots.due(site, placed.target)
    try:
        data = _coming(tools, site, placed) if fetching else ()
        prepared = checked(
            tools, site, placed, due, lambda: _planned(tools, site, placed, due, kept=kept), yes=yes
        )  # fmt: skip
        prepared = replace(prepared, data=data)
        accept(tools, prepared, yes=yes)
        if prepared.plan.empty and site.entry is not None and site.entry.phase == "up" and not site.entry.awaited:
            roots.note_as_applied(site, due)
            return None
        made = make_somewhere(tools, site, placed, prepared, journal)
        roots.note_as_applied(site, due)
        return made
    finally:
        roots.forget_plans(site, due)


def make_long_lived(tools: Tools, ready: Ready, journal: Journal, *, yes: bool) -> Site:
    """The roots that cost nothing by the hour, and no host."""
    site = written(tools, ready.site, ready)
    roots.write_runtime(tools, site, ready.target, ready.app, ready.placement)
    due = tuple(root for root in roots.due(site, ready.target) if root != COMPUTE)
    if not due:
        return site
    offer = ready.target.offer(ready.app.spec, ready.placement)
    offer = replace(offer, machine="no machine yet", per_hour=0.0, maximum=0.0)
    try:
        prepared = checked(tools, site, ready, due, lambda: roots.plan(tools, site, offer, due), yes=yes)
        accept(tools, prepared, yes=yes)
        try:
            roots.apply(tools, site, prepared, journal)
        except TerraformError:
            look_at_all(tools, site)
            raise
    finally:
        roots.forget_plans(site, due)
    return site


def _planned(tools: Tools, site: Site, placed: Placed, due: Sequence[str], *, kept: bool) -> Prepared:
    """The plans. A host that is made in the place of one that stood gets a time of its own: with the values that were
    `kept` it would be said to end when the other one was to."""
    offer = placed.target.offer(placed.app.spec, placed.placement)
    prepared = roots.plan(tools, site, replace(offer, deletes_itself_at=expiry(site)), due)
    if not (kept and placed.target.makes and makes_some(prepared.plans[COMPUTE])):
        return prepared
    roots.write_runtime(tools, site, placed.target, placed.app, placed.placement, anew=True)
    again = roots.plan(tools, site, replace(offer, deletes_itself_at=expiry(site)), (COMPUTE,))
    return replace(again, plans={**prepared.plans, **again.plans})


def written(tools: Tools, site: Site, placed: Placed) -> Site:
    """Put the deployment into the index, and write its files."""
    offer = placed.target.offer(placed.app.spec, placed.placement)
    site = infrastructure.register(tools, site, placed.placement, offer)
    infrastructure.write(tools, placed.app, site, placed.target, placed.placement)
    return site


def _coming(tools: Tools, site: Site, placed: Placed) -> tuple[Coming, ...]:
    return coming(tools, site, placed.app.run_document(placed.placement, site.id))
