"""Applying what was said yes to: where one place refuses the machines, the next one of the offer is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from cynthus.errors import NowhereLeft, TerraformError, TerraformFailed
from cynthus.operations import infrastructure, roots
from cynthus.operations.expiry import expiry
from cynthus.operations.site import COMPUTE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cynthus.core.placement import Instead, Placement
    from cynthus.core.plan import Offer
    from cynthus.operations.app import App
    from cynthus.operations.offer import Prepared
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal
    from cynthus.targets.base import Target


class Placed(Protocol):
    """What is known before anything is made."""

    @property
    def app(self) -> App: ...
    @property
    def target(self) -> Target: ...
    @property
    def placement(self) -> Placement: ...


class Made(Struct, frozen=True):
    """What an apply came to: the outputs of the last root, what was offered, and where it was made in the end."""

    outputs: Mapping[str, object]
    offer: Offer
    placement: Placement


class _Elsewhere(Struct, frozen=True):
    """The same app in another place."""

    app: App
    target: Target
    placement: Placement


def make_somewhere(tools: Tools, site: Site, placed: Placed, prepared: Prepared, journal: Journal) -> Made:
    """Apply; where a place refuses, in the next one that was part of the offer. Not where hosts stand already, which
    would have to move, and not where what lasts could not be made.

    Raises:
        NowhereLeft: all of them refuse.
        TerraformFailed: another place would not help.
    """
    tried, whys = [placed.placement], list[str]()
    moves, own = not site.hosts or site.hosts_gone, _made_by(prepared)
    while True:
        try:
            return Made(roots.apply(tools, site, prepared, journal), prepared.offer, placed.placement)
        except TerraformError as error:
            failed = error
            moves = moves and roots.due(site, placed.target) == (COMPUTE,)
            other = _instead(placed, tried, error) if moves else None
        if other is None or other.placement is None:
            look_at_all(tools, site)
            raise _nowhere(failed, (*whys, other.because)) if other else failed
        tools.progress.note(other.why)
        tools.clock.sleep(other.wait)
        tried.append(other.placement)
        whys.append(other.because)
        placed = _Elsewhere(placed.app, placed.target, other.placement)
        prepared = _planned(tools, site, placed, prepared)
        own |= _made_by(prepared)
        if not _adds_only(prepared, own):
            look_at_all(tools, site)
            raise failed


def look_at_all(tools: Tools, site: Site) -> None:
    """Have the next plan look at every root: something may be missing in one that was not looked at."""
    roots.forget_applied(site, tools.targets.find(site.target).roots)


def _planned(tools: Tools, site: Site, placed: Placed, before: Prepared) -> Prepared:
    """For another place: the machines, and what lasts where it gets a part there."""
    infrastructure.write(tools, placed.app, site, placed.target, placed.placement)
    roots.write_runtime(tools, site, placed.target, placed.app, placed.placement, anew=True)
    price = placed.target.offer(placed.app.spec, placed.placement).per_hour
    offer = replace(before.offer, per_hour=price, deletes_itself_at=expiry(site))
    return roots.plan(tools, site, offer, roots.due(site, placed.target), retry=True)


def _made_by(prepared: Prepared) -> set[tuple[str, str]]:
    """What these plans make, by root and address."""
    return {
        (root, change.address)
        for root, plan in prepared.plans.items()
        for change in plan.changes
        if change.action == "create"
    }


def _adds_only(prepared: Prepared, own: Collection[tuple[str, str]]) -> bool:
    """Whether nothing would be changed or go but what this very command has made: to more than that nobody said yes."""
    return all(
        change.action in ("create", "import", "read") or (root, change.address) in own
        for root, plan in prepared.plans.items()
        for change in plan.changes
    )


def _instead(placed: Placed, tried: Sequence[Placement], error: TerraformError) -> Instead | None:
    if not isinstance(error, TerraformFailed):
        return None
    return placed.target.instead(placed.app.spec, tried, "\n".join((error.message, *error.details)))


def _nowhere(error: TerraformError, whys: Sequence[str]) -> NowhereLeft:
    if len(whys) == 1:
        return NowhereLeft(error.message, hint=error.hint, details=error.details)
    return NowhereLeft(
        f"none of the {len(whys)} places that were tried gave a machine; the last one: {whys[-1]}",
        hint="that may change any minute: run it again later. Other regions are tried as well where `resources:` names "
        "neither `zone:` nor `region:`, and other GPUs where `gpu:` lists them, as in `gpu: [L4, T4]`",
        details=(*whys, *error.details),
    )
