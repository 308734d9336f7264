"""The places that are tried one after the other when machines are refused: all of them are part of the offer."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.errors import PlacementRefused
from cynthus.targets.gcp.choice import Place, choose, choose_in
from cynthus.targets.gcp.machine import has_driver
from cynthus.targets.gcp.place import region_of
from cynthus.targets.gcp.whereabouts import part_of_world, wanted_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cynthus.core.resources import Resources
    from cynthus.targets.gcp.catalog import Catalog, Machine
    from cynthus.targets.gcp.choice import Candidate


class Stop(Struct, frozen=True):
    """A machine in a zone, and what it costs there by the hour. `gpu` is the wish that it fulfils, where there are
    several."""

    machine: Machine
    gpu: str
    zone: str
    price: float | None

    @property
    def region(self) -> str:
        return region_of(self.zone)


def itinerary(wanted: Resources, catalog: Catalog, where: Mapping[str, str]) -> tuple[Stop, ...]:
    """Where to ask, beginning `where` the first machine was to be: in the other zones of its region, then in other
    regions by price and name, if it may leave its own; then the same with the next GPU of the list.

    The zone that was named is the only one. Another region is one of the same part of the world: data goes to no other
    one unasked. Nothing is tried whose price is not known where that of others is.
    """
    first = wanted_at(wanted, where)
    stops = [*_of_first(first, catalog, where)]
    if wanted.reservation is not None:
        # It is in one zone, and of one type of machine.
        return tuple(stops[:1])
    for wish in wanted.gpu[wanted.gpu.index(first.gpu[0]) + 1 :] if first.gpu and len(wanted.gpu) > 1 else ():
        found = [*_of_next(replace(wanted, gpu=(wish,)), catalog, where)]
        # The image that was chosen, and what the hosts lack, are those of machines that have the driver, or have none.
        if found and has_driver(found[0].machine) == has_driver(stops[0].machine):
            stops += [each for each in found if each not in stops]
    return tuple(stops)


def most(stops: Sequence[Stop]) -> float | None:
    """What the dearest of them costs; None where one of them has no price that is known."""
    prices = [each.price for each in stops]
    return None if None in prices else max(each for each in prices if each is not None)


def told(stops: Sequence[Stop], how: str = "") -> str:
    """All of them, as a person reads it. `how` is how they are bought."""
    first, *others = (list(group) for _, group in groupby(stops, key=lambda each: (each.gpu, each.region)))
    zone, *zones = (each.zone for each in first)
    words = f"{_named(first[0])} in {zone}" + (f", else {' or '.join(zones)}" if zones else "")
    for _, group in groupby((each[0] for each in others), key=lambda each: each.gpu):
        found = list(group)
        what = f"{_named(found[0])} in " if found[0].gpu != first[0].gpu else ""
        words += f"; else {what}{' or '.join(each.region for each in found)}"
    dearest = most(stops)
    if dearest is not None and first[0].price is not None and dearest > first[0].price:
        how = f"{how}, up to ${dearest:.2f} an hour".removeprefix(", ")
    return f"{words} ({how})" if how else words


def _named(stop: Stop) -> str:
    machine = stop.machine
    return f"{machine.type} with {machine.gpus} {machine.gpu}" if stop.gpu and machine.attached else machine.type


def _of_first(wanted: Resources, catalog: Catalog, where: Mapping[str, str]) -> Iterator[Stop]:
    zone = where["zone"]
    choice = choose_in(wanted, catalog, zone)
    gpu, machine = where.get("gpu", ""), choice.machine
    yield Stop(machine, gpu, zone, choice.price)
    if wanted.zone is not None:
        return
    region = region_of(zone)
    for each in _zones(machine, region, catalog):
        other = choose_in(wanted, catalog, each)
        if each != zone and (other.machine.name, other.price) == (machine.name, choice.price):
            yield Stop(machine, gpu, each, choice.price)
    if "within" in where:
        candidates = [each for each in _regions(wanted, catalog, where["within"]) if each.region != region]
        yield from _in_regions(candidates, gpu, catalog, priced=choice.price is not None)


def _of_next(wanted: Resources, catalog: Catalog, where: Mapping[str, str]) -> Iterator[Stop]:
    """The same for another GPU of the list; nothing where it is not to be had."""
    gpu, zone = str(wanted.gpu[0]), where["zone"]
    if "within" in where:
        candidates = [*_regions(wanted, catalog, where["within"])]
        yield from _in_regions(candidates, gpu, catalog, priced=any(each.price is not None for each in candidates))
        return
    region = region_of(zone)
    try:
        choice = choose(wanted, catalog, Place(region, wanted.zone or ""))
    except PlacementRefused:
        return
    for each in (wanted.zone,) if wanted.zone else _zones(choice.machine, region, catalog):
        yield Stop(choice.machine, gpu, each, choice.price)


def _regions(wanted: Resources, catalog: Catalog, within: str) -> Iterator[Candidate]:
    """The cheapest machine of each region that has one, those that cost least first."""
    try:
        found = choose(wanted, catalog).candidates
    except PlacementRefused:
        return
    fine = sorted((each for each in found if not each.refusal and part_of_world(each.region) == within), key=_order)
    seen = set[str]()
    for each in fine:
        if each.region not in seen:
            seen.add(each.region)
            yield each


def _order(candidate: Candidate) -> tuple[float, str, tuple[float, int, float, str, str]]:
    price, *_ = candidate.order
    return price, candidate.region, candidate.order


def _in_regions(candidates: Sequence[Candidate], gpu: str, catalog: Catalog, *, priced: bool) -> Iterator[Stop]:
    for each in candidates:
        if each.price is None and priced:
            continue
        for zone in _zones(each.machine, each.region, catalog):
            yield Stop(each.machine, gpu, zone, each.price)


def _zones(machine: Machine, region: str, catalog: Catalog) -> tuple[str, ...]:
    """Those of a region that have it; all where nobody knows which do."""
    return machine.zones(region) or tuple(f"{region}-{letter}" for letter in catalog.zones.get(region, ""))
