"""Which machines there are, and where: the table's families held against what Google lists zone by zone."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.targets.gcp.refresh.parts import parts_of
from cynthus.targets.gcp.table import Shape, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cynthus.targets.gcp.catalog import Gpu
    from cynthus.targets.gcp.refresh.answers import Answers, MachineType
    from cynthus.targets.gcp.table import Family

Places = dict[str, str]
"""By region, the letters of its zones."""


class Placed(Struct, frozen=True):
    """The families as they are now. `silent`: what Google listed nowhere, which stays as it was. `strange`: types of
    machine that the table has no family for."""

    families: tuple[Family, ...]
    silent: tuple[str, ...]
    strange: tuple[str, ...]


class Map(Struct, frozen=True):
    """What Google lists. `heard` are the regions of which it told everything."""

    types: Mapping[str, MachineType]
    places: Mapping[str, Places]
    """Of types of machines."""
    gpus: Mapping[str, Places]
    """Of models of GPUs, by Google's name."""
    heard: frozenset[str]


def drawn(answers: Answers) -> Map:
    """The lists turned round: from what is in a zone to the zones that have it."""
    types = {each.name: each for listed in answers.types.values() for each in listed}
    machines = [(each.name, zone) for zone, listed in answers.types.items() for each in listed]
    gpus = [(each, zone) for zone, listed in answers.accelerators.items() for each in listed]
    told = (answers.types.keys() | answers.accelerators.keys()) - answers.silent
    unheard = {region_of(zone) for zone in answers.silent}
    return Map(types, _by_name(machines), _by_name(gpus), frozenset(map(region_of, told)) - unheard)


def region_of(zone: str) -> str:
    """The region that a zone is in."""
    return zone.rpartition("-")[0]


def lettered(zones: Iterable[str]) -> Places:
    """Zones as the table writes them."""
    ordered = sorted(zones)
    return {
        region: "".join(zone.rpartition("-")[2] for zone in group) for region, group in groupby(ordered, region_of)
    }


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, Places]:
    zones: dict[str, set[str]] = {}
    for name, zone in pairs:
        zones.setdefault(name, set()).add(zone)
    return {name: lettered(each) for name, each in zones.items()}


def placed(families: Iterable[Family], gpus: Mapping[str, Gpu], listed: Map) -> Placed:
    """A family of which nothing is listed anywhere stays as it was: it may be one that is shown to few. Of one that is
    listed, what is not is gone, but for regions of which nothing could be heard."""
    known = tuple(families)
    lines = {_line(shape.type) for family in known for shape in family.machines}
    # A line of machines may be in several families: those that are elsewhere, or are bought otherwise.
    owners = {_line(shape.type): family for family in reversed(known) for shape in family.machines}
    types = {shape.type for family in known for shape in family.machines}
    new = [each for name, each in sorted(listed.types.items()) if name not in types and _line(name) in lines]
    made: list[Family] = []
    silent: list[str] = []
    for family in known:
        joining = [] if family.attached else [each for each in new if owners[_line(each.name)] is family]
        shapes = (*family.machines, *_joined(family, gpus, joining))
        found = [(shape, _where(family, shape, gpus, listed)) for shape in _measured(shapes, listed)]
        if not any(where for _, where in found):
            silent.append(family.name)
            made.append(family)
            continue
        kept = {region: zones for region, zones in family.places.items() if region not in listed.heard}
        made += _split(family, [(shape, dict(sorted({**kept, **where}.items()))) for shape, where in found if where])
    strange = (name for name in sorted(listed.types) if name not in types and _line(name) not in lines)
    return Placed(tuple(made), tuple(silent), tuple(strange))


def _where(family: Family, shape: Shape, gpus: Mapping[str, Gpu], listed: Map) -> Places:
    if family.attached:
        return dict(listed.gpus.get(gpus[family.gpu or ""].type or "", {}))
    return dict(listed.places.get(shape.type, {}))


def _measured(shapes: Iterable[Shape], listed: Map) -> Iterator[Shape]:
    """With as many processors and as much memory as Google says now."""
    for shape in shapes:
        now = listed.types.get(shape.type)
        yield shape if now is None else replace(shape, cpus=now.guest_cpus, memory=now.memory)


def _joined(family: Family, gpus: Mapping[str, Gpu], new: Iterable[MachineType]) -> Iterator[Shape]:
    """Machines that are of a family by their name, and have its GPUs."""
    model = gpus[family.gpu].type if family.gpu else ""
    for each in sorted(new, key=lambda one: (one.gpu[1], one.guest_cpus, one.name)):
        gpu, count = each.gpu
        if gpu == model and (not count or all(shape.part == 1 for shape in family.machines)):
            yield Shape(each.name, each.guest_cpus, each.memory, count)


def _split(family: Family, found: list[tuple[Shape, Places]]) -> Iterator[Family]:
    """A family is where all of its machines are: those that are elsewhere become one of their own."""
    groups: list[tuple[Places, list[Shape]]] = []
    for shape, where in found:
        for places, shapes in groups:
            if places == where:
                shapes.append(shape)
                break
        else:
            groups.append((where, [shape]))
    for number, (places, shapes) in enumerate(groups):
        name = name_of(family, shapes[0]) if number else family.name
        yield replace(family, name=name, places=places, machines=tuple(shapes))


def _line(machine_type: str) -> str:
    """What machines of a kind share of their names: `c4-standard` of `c4-standard-8`. One whose parts nobody has
    written down is of no line but its own."""
    return machine_type.rpartition("-")[0] if parts_of(machine_type) else machine_type
