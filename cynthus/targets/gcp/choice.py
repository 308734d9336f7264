"""Which machine fits a spec: pure functions over the catalog."""

from __future__ import annotations

from math import inf, log2
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.suggest import did_you_mean
from cynthus.errors import PlacementRefused
from cynthus.targets.fit import GIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cynthus.core.gpu import Gpu
    from cynthus.core.resources import Resources
    from cynthus.targets.gcp.catalog import Catalog, Machine, Way

FEWEST_CPUS, LEAST_MEMORY = 4, 16
"""What a machine without a GPU has where nothing is said, the memory in GiB."""
SAME = {"A100-40GB": "A100", "H100-80GB": "H100"}
"""Models that people call by two names."""
WORDS: dict[Way, str] = {
    "on-demand": "by the hour", "spot": "as a spot machine", "flex-start": "by flex-start",
    "reservation": "from a reservation",
}  # fmt: skip
ASKED: dict[Way, str] = {
    "spot": "`spot: true`", "flex-start": "`flex_start: true`", "reservation": "`reservation: NAME`",
}
"""How each is asked for, below `resources:`."""
_BOUGHT = {"on-demand": "", "spot": " (spot)", "flex-start": " (flex-start)"}


class Place(Struct, frozen=True):
    """Where: in a zone, somewhere in a region, or anywhere, where both are ''."""

    region: str = ""
    zone: str = ""


ANYWHERE = Place()


class Candidate(Struct, frozen=True):
    """A machine in a region, its price there as it would be bought, and why it is not to be had; '' where it is. Where
    that is so everywhere no region is told."""

    machine: Machine
    region: str
    price: float | None
    refusal: str = ""

    @property
    def order(self) -> tuple[float, int, float, str, str]:
        """The cheapest comes first; those of unknown price come last, the smallest of them first."""
        machine = self.machine
        price = inf if self.price is None else self.price
        return price, machine.cpus, machine.memory, machine.name, self.region


class Choice(Struct, frozen=True):
    """The machine that is taken, and all that were looked at: those that would do in their order, then the others.
    `doubt`: what the catalog has to say against its place."""

    machine: Machine
    region: str
    price: float | None
    candidates: tuple[Candidate, ...]
    doubt: str = ""


def choose(wanted: Resources, catalog: Catalog, place: Place = ANYWHERE) -> Choice:
    """The cheapest machine that has what is asked for: with the first GPUs of the list that can be had there so.

    Raises:
        PlacementRefused: there is none; the message says why, of the GPUs that are liked best.
    """
    seen: list[Candidate] = []
    for model, count in _wishes(wanted):
        right = [each for each in catalog.machines if (each.gpu, each.gpus) == (model, count) and each.part == 1]
        found = tuple(_candidates(right, wanted, place))
        fine = sorted((each for each in found if not each.refusal), key=lambda each: each.order)
        seen += [*fine, *(each for each in found if each.refusal)]
        if fine:
            return Choice(fine[0].machine, fine[0].region, fine[0].price, tuple(seen))
    refusal = _refusal(wanted, catalog, place, seen)
    refusal.details = tuple(_each(wanted, seen)) if len(wanted.gpu) > 1 else ()
    raise refusal


def choose_in(wanted: Resources, catalog: Catalog, zone: str) -> Choice:
    """The same in a zone that somebody has named: they have looked, and Google will tell better than a table.

    Raises:
        PlacementRefused: there is none, wherever it were.
    """
    region = zone.rpartition("-")[0]
    try:
        choice = choose(wanted, catalog, Place(region, zone))
    except PlacementRefused as refusal:
        try:
            choice = choose(wanted, catalog)
        except PlacementRefused:
            raise refusal from None
        what = choice.machine.gpu or choice.machine.type
        near = ", ".join(nearest_places(choice.machine, region))
        return replace(choice, region=region, price=None, doubt=f"{zone} had no {what} on {catalog.as_of}; {near} did")
    if choice.machine.gpu and not choice.machine.zones(region):
        return replace(choice, doubt=f"which zones of {region} have {choice.machine.gpu} is not known here")
    return choice


def way_of(wanted: Resources) -> Way:
    """How a machine would be bought."""
    if wanted.reservation:
        return "reservation"
    return "spot" if wanted.spot else "flex-start" if wanted.flex_start else "on-demand"


def bought(wanted: Resources) -> str:
    """The same, as it stands behind the name of a machine; '' for one by the hour."""
    return f" (reservation {wanted.reservation})" if wanted.reservation else _BOUGHT[way_of(wanted)]


def _wishes(wanted: Resources) -> Sequence[tuple[str | None, int]]:
    return [(name_of(wish), wish.count) for wish in wanted.gpu] or [(None, 0)]


def name_of(wish: Gpu) -> str:
    """A model as the catalog calls it."""
    return SAME.get(wish.name, wish.name)


def _candidates(machines: Sequence[Machine], wanted: Resources, place: Place) -> Iterator[Candidate]:
    way = way_of(wanted)
    for machine in machines:
        refusal = _too_small(machine, wanted) or _not_sold(machine, way)
        if refusal or place.region:
            price = machine.price(place.region, way)
            yield Candidate(machine, place.region, price, refusal or _elsewhere(machine, place))
        else:
            yield from (Candidate(machine, each, machine.price(each, way)) for each in machine.places)


def _too_small(machine: Machine, wanted: Resources) -> str:
    cpus, memory = wanted.cpus, wanted.memory
    if cpus is not None and machine.cpus != cpus.count and not (cpus.at_least and machine.cpus > cpus.count):
        return f"has {machine.cpus} processors"
    # Nobody means 16 GB to be less than the 16 GiB that a machine has; more will always do.
    if memory is not None and machine.memory * GIB < memory.bytes:
        return f"has {machine.memory:g} GiB"
    unsaid = machine.gpu is None and cpus is None
    if unsaid and (machine.cpus < FEWEST_CPUS or (memory is None and machine.memory < LEAST_MEMORY)):
        return "has less than is usual"
    return ""


def _not_sold(machine: Machine, way: Way) -> str:
    if machine.sold(way):
        return ""
    if machine.ways == ("reservation",):
        return "is only to be had where it was reserved before"
    return f"cannot be bought {WORDS[way]}"


def _elsewhere(machine: Machine, place: Place) -> str:
    if place.region not in machine.places:
        return f"is not in {place.region}"
    return "" if not place.zone or machine.may_be_in(place.zone) else f"is not in {place.zone}"


def _refusal(wanted: Resources, catalog: Catalog, place: Place, seen: Sequence[Candidate]) -> PlacementRefused:
    """Of the GPUs that are liked best, what keeps the machine from being had that comes closest to that."""
    if not seen:
        return _no_such_gpus(wanted.gpu, catalog)
    best = [each for each in seen if each.machine.gpu == seen[0].machine.gpu]
    large = [each for each in best if not _too_small(each.machine, wanted)]
    if not large:
        by_name = {each.machine.name: each.machine for each in best}
        near = sorted(by_name.values(), key=lambda each: _distance(each, wanted))[:3]
        hint = f"these come near: {', '.join(map(str, near))}"
        return PlacementRefused(f"no machine of Google's has {_asked(wanted)}", hint=hint)
    sold = [each for each in large if not _not_sold(each.machine, way_of(wanted))]
    if not sold:
        machine = large[0].machine
        said = f"{machine.type} {_not_sold(machine, way_of(wanted))}"
        return PlacementRefused(said, hint=_otherwise(machine, wanted))
    what = sold[0].machine.gpu or sold[0].machine.type
    hint = f"it is in {', '.join(nearest_places(sold[0].machine, place.region))}"
    return PlacementRefused(f"{what} {sold[0].refusal.replace('is not in', 'is not to be had in')}", hint=hint)


def _otherwise(machine: Machine, wanted: Resources) -> str:
    """How that machine can be bought."""
    if "on-demand" in machine.ways:
        return f"leave {ASKED[way_of(wanted)]} out, or ask for another"
    ways = " or ".join(asked for way, asked in ASKED.items() if way in machine.ways)
    return f"did you want {ways} below `resources:`? Or ask for another"


def _each(wanted: Resources, seen: Sequence[Candidate]) -> Iterator[str]:
    """What keeps each wish of a list from being fulfilled, of the machine that comes closest."""
    for wish in wanted.gpu:
        found = [each for each in seen if (each.machine.gpu, each.machine.gpus) == (name_of(wish), wish.count)]
        best = min(found, key=lambda each: bool(_too_small(each.machine, wanted)), default=None)
        yield f"{wish}: {f'{best.machine.type} {best.refusal}' if best else 'no machine has that'}"


def nearest_places(machine: Machine, region: str, most: int = 3) -> tuple[str, ...]:
    """The zones of a region that have a machine, else the regions that do, as near as their names tell."""
    zones = machine.zones(region)
    if zones:
        return zones
    words = region.split("-")

    def far(other: str) -> tuple[bool, bool, str]:
        continent, _, area = other.partition("-")
        return continent != words[0], area.rstrip("0123456789") != words[-1].rstrip("0123456789"), other

    return tuple(sorted(machine.places, key=far)[:most])


def _distance(machine: Machine, wanted: Resources) -> tuple[float, int]:
    """How far a machine is from what is asked for: how many times as many processors and as much memory."""
    cpus, memory = wanted.cpus, wanted.memory
    far = abs(log2(machine.cpus / cpus.count)) if cpus is not None else 0.0
    far += abs(log2(machine.memory * GIB / max(memory.bytes, 1))) if memory is not None else 0.0
    return far, machine.cpus


def _no_such_gpus(wishes: Sequence[Gpu], catalog: Catalog) -> PlacementRefused:
    asked = " or ".join(str(wish) for wish in wishes)
    name = name_of(wishes[0])
    counts = sorted({each.gpus for each in catalog.machines if each.gpu == name and each.part == 1})
    if counts:
        hint = f"machines there have {', '.join(map(str, counts))} of {name}"
    else:
        hint = did_you_mean(name, list(catalog.gpus)) or f"Google has {', '.join(catalog.gpus)}"
    return PlacementRefused(f"`gpu: {asked}`: Google Cloud has no machine with that", hint=hint)


def _asked(wanted: Resources) -> str:
    gpus = " or ".join(map(str, wanted.gpu))
    parts = [("gpu", gpus), ("cpus", wanted.cpus), ("memory", wanted.memory)]
    return ", ".join(f"`{key}: {value}`" for key, value in parts if value)
