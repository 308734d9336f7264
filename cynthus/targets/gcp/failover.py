"""Where else a machine may be had when it is refused: the next place of those that were offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.placement import Instead
from cynthus.targets.gcp.itinerary import itinerary
from cynthus.targets.gcp.life import elsewhere, offered
from cynthus.targets.gcp.place import region_of
from cynthus.targets.gcp.scopes import judged
from cynthus.targets.gcp.whereabouts import home_of, moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.catalog import Catalog
    from cynthus.targets.gcp.itinerary import Stop
    from cynthus.targets.gcp.scopes import Scope

WAITS = (10.0, 30.0)
"""Seconds before the same place is asked again that wanted to be asked less often. After that it is the next one's
turn: Terraform's provider has waited too."""


def instead(spec: AppSpec, catalog: Catalog, tried: Sequence[Placement], said: str) -> Instead | None:
    """Where to try next after what Google has said to the last of those that were tried; nowhere where nothing of the
    offer is left, and None where the refusal is no matter of the place."""
    last = tried[-1]
    found = judged(said, last.where["zone"])
    if found is None or found.scope == "project":
        return None
    before = sum(each.where == last.where for each in tried) - 1
    if found.scope == "rate" and before < len(WAITS):
        wait = WAITS[before]
        return Instead(last, f"{found.why}: {last.where['zone']} again in {wait:g} s", found.why, wait)
    gpu = last.where.get("gpu")
    why = f"{gpu}: {found.why}" if gpu else found.why
    stops = offered(spec, itinerary(spec.resources, catalog, tried[0].where), tried[0])
    left = _left(stops, tried, found.scope)
    if not left:
        return Instead(None, why, why)
    # Google may know of a zone that has some.
    chosen = next((each for each in left if each.zone in found.zones and _alike(each, last)), left[0])
    return Instead(_at(chosen, last, spec), f"{why}: on to {_told(chosen, last)}", why)


def _left(stops: Sequence[Stop], tried: Sequence[Placement], scope: Scope) -> list[Stop]:
    """Those that come after all that were tried. A region that says no is done with, for the GPUs that it is about."""
    done = {(each.where.get("gpu", ""), each.where["zone"]) for each in tried}
    last = next(each for each in reversed(stops) if (each.gpu, each.zone) in done)
    alike = [(each.gpu, each.region) == (last.gpu, last.region) for each in stops]
    group = [index for index, same in enumerate(alike) if same]
    begin = group[-1] + 1 if scope == "region" else group[0]
    return [each for each in stops[begin:] if (each.gpu, each.zone) not in done]


def _alike(stop: Stop, last: Placement) -> bool:
    return (stop.gpu, stop.region) == (last.where.get("gpu", ""), region_of(last.where["zone"]))


def _at(stop: Stop, last: Placement, spec: AppSpec) -> Placement:
    where = moved(last.where, stop.zone)
    last = elsewhere(spec, last, stop.price, stop.machine.type)
    return replace(last, gpus=stop.machine.gpus, where={**where, "gpu": stop.gpu} if stop.gpu else where)


def _told(stop: Stop, last: Placement) -> str:
    """What is another there, in words."""
    words = stop.zone
    if stop.gpu != last.where.get("gpu", ""):
        words = f"{stop.machine.type} with {stop.gpu} in {words}"
    home = home_of(last.where)
    if stop.region not in (home, region_of(last.where["zone"])):
        words += f"; what lasts stays in {home}"
    return words
