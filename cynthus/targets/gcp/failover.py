"""Where else a machine may be had when its zone has none left: another zone of the region, at the same price."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.placement import Instead
from cynthus.targets.gcp.choice import choose_in
from cynthus.targets.gcp.place import region_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.catalog import Catalog

SOLD_OUT = re.compile(
    r"does not have enough resources available|ZONE_RESOURCE_POOL_EXHAUSTED|insufficientCapacity"
    r"|is currently unavailable in the [\w-]+ zone"
)
"""How Google says that a zone has no such machine left."""
NOT_THERE = re.compile(r"Machine type with name '[^']+' does not exist in zone|acceleratorTypes/[^/']+' was not found")
"""And that it never had one."""
_HINTED = re.compile(r"trying your request in the ([\w, -]+?) zone")


def zones_of(spec: AppSpec, catalog: Catalog, zone: str) -> tuple[str, ...]:
    """The zone, and after it those that are tried when it has no such machine: none where the spec names the zone."""
    wanted = spec.resources
    if wanted.zone is not None or wanted.region is None:
        return (zone,)
    choice = choose_in(wanted, catalog, zone)
    region = region_of(zone)
    letters = catalog.zones.get(region, "")
    zones = choice.machine.zones(region) or tuple(f"{region}-{letter}" for letter in letters)
    return (zone, *(each for each in zones if each != zone and _same(spec, catalog, zone, each)))


def instead(spec: AppSpec, catalog: Catalog, tried: Sequence[Placement], said: str) -> Instead | None:
    """Where to try next after what Google has said to the last of those that were tried; None where the refusal is not
    the zone's, or there is no zone left."""
    text, zone = " ".join(said.split()), tried[-1].where["zone"]
    if SOLD_OUT.search(text):
        why = f"{zone} has none left"
    elif NOT_THERE.search(text):
        why = f"{zone} has no such machine"
    else:
        return None
    done = {each.where["zone"] for each in tried}
    left = [each for each in zones_of(spec, catalog, tried[0].where["zone"]) if each not in done]
    if not left:
        return None
    hinted = _HINTED.search(text)
    named = [each.strip() for each in hinted[1].split(",")] if hinted else []
    # Google may know of one that has some.
    chosen = next((each for each in named if each in left), left[0])
    return Instead(replace(tried[-1], where={**tried[-1].where, "zone": chosen}), f"{why}: on to {chosen}")


def _same(spec: AppSpec, catalog: Catalog, zone: str, other: str) -> bool:
    """Whether what was offered holds there too."""
    here, there = (choose_in(spec.resources, catalog, each) for each in (zone, other))
    return (here.machine.name, here.price) == (there.machine.name, there.price)
