"""Reading the table of machines: from its file to a Catalog, checked as a whole."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct, field

from cynthus.core.supply import Source  # noqa: TC001 - the type is looked at when the table is read
from cynthus.errors import CatalogBroken, StateTooNew
from cynthus.targets.gcp.catalog import Catalog, Gpu, Machine, Price, Way

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

VERSION = 1
"""Of the file's shape; a part that changes its meaning is a new one."""

_REINSTALL = "install Cynthus again: `pip install --force-reinstall --no-deps cynthus`"

Count = Annotated[int, Meta(ge=1)]
Dollars = Annotated[float, Meta(ge=0)]
Letters = Annotated[str, Meta(pattern="^[a-z]*$")]


class Shape(Struct, frozen=True, forbid_unknown_fields=True):
    """A type of machine of a family; `memory` in GiB."""

    type: str
    cpus: Count
    memory: Annotated[float, Meta(gt=0)]
    gpus: int = 0
    part: Count = 1


class Family(Struct, frozen=True, forbid_unknown_fields=True):
    """Machines that are bought, reached and equipped alike."""

    name: str
    disk: str
    ways: tuple[Way, ...]
    places: dict[str, Letters]
    machines: tuple[Shape, ...]
    gpu: str | None = None
    attached: bool = False
    nic: str | None = None


class _Version(Struct, frozen=True):
    version: int


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """The table as it lies in its file."""

    version: int
    as_of: str
    sources: dict[str, Source]
    images: Dollars
    secrets: Dollars
    storage: dict[str, Dollars]
    zones: dict[str, Letters]
    gpus: dict[str, Gpu]
    families: tuple[Family, ...]
    disks: dict[str, dict[str, Dollars]] = field(default_factory=dict)
    prices: dict[str, dict[str, dict[str, Price]]] = field(default_factory=dict)
    """By source, machine and region. A later source counts more."""


def read(path: Path) -> Catalog:
    """The catalog that a file holds.

    Raises:
        CatalogBroken: it cannot be read, or contradicts itself.
        StateTooNew: it is of a newer Cynthus.
    """
    return catalog_of(load(path))


def load(path: Path, *, mend: str = _REINSTALL, newer: str = "") -> File:
    """The table as it is in a file. `mend`: what to do where it is broken; `newer`: what also helps where it is of a
    newer Cynthus.

    Raises:
        CatalogBroken, StateTooNew: the same.
    """
    try:
        raw = path.read_bytes()
        version = msgspec.json.decode(raw, type=_Version).version
        if version > VERSION:
            raise StateTooNew(
                f"{path}: this table of machines has version {version}, and this Cynthus reads {VERSION}",
                hint=f"upgrade: `pip install -U cynthus`{newer}",
            )
        file = msgspec.json.decode(raw, type=File)
    except (OSError, msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise CatalogBroken(f"{path}: the table of machines cannot be read: {error}", hint=mend) from None
    wrong = next(contradictions(file), None)
    if wrong:
        raise CatalogBroken(f"{path}: the table of machines is wrong: {wrong}", hint=mend)
    return file


def contradictions(file: File) -> Iterator[str]:
    """What in a table cannot be, a sentence each."""
    try:
        date.fromisoformat(file.as_of)
    except ValueError:
        yield f"{file.as_of!r} is no day"
    for family in file.families:
        if family.gpu is not None and family.gpu not in file.gpus:
            yield f"{family.name} has {family.gpu}, of which nothing is told"
        if any((shape.gpus > 0) != (family.gpu is not None) for shape in family.machines):
            yield f"a machine of {family.name} has GPUs of no model, or a model and none of it"
        if not family.places.keys() <= file.zones.keys():
            yield f"{family.name} is in a region that is not listed"
    there = {machine.name: machine.places for machine in machines_of(file)}
    for source, prices in file.prices.items():
        if source not in file.sources:
            yield f"prices are of {source}, which is not listed"
        for name, regions in prices.items():
            if not regions.keys() <= there.get(name, {}).keys():
                yield f"{name} has a price where there is none"


def catalog_of(file: File) -> Catalog:
    """What a table means."""
    prices: dict[str, dict[str, Price]] = {}
    for found in file.prices.values():
        for name, regions in found.items():
            known = prices.setdefault(name, {})
            for region, price in regions.items():
                known[region] = _over(price, known.get(region))
    thrown_out = tuple(_sane(prices))
    return Catalog(
        file.as_of, file.images, file.secrets, file.storage, file.zones, file.gpus, tuple(machines_of(file, prices)),
        file.sources, thrown_out, file.disks,
    )


def _over(price: Price, before: Price | None) -> Price:
    """A price with what another source has said, where this one says nothing."""
    if before is None:
        return price
    pairs = (
        (price.on_demand, before.on_demand), (price.spot, before.spot), (price.flex_start, before.flex_start)
    )  # fmt: skip
    return Price(*(new if new is not None else old for new, old in pairs))


def _sane(prices: dict[str, dict[str, Price]]) -> Iterator[str]:
    """Take out what cannot be: lists of prices mix up what is sold in advance with what is sold by the hour."""
    for name, regions in prices.items():
        for region, price in regions.items():
            if price.on_demand is not None and price.spot is not None and price.spot > price.on_demand:
                regions[region] = Price(price.on_demand, None, price.flex_start)
                yield f"{name} in {region}: spot ${price.spot:g} above on demand ${price.on_demand:g}"


def machines_of(file: File, prices: Mapping[str, Mapping[str, Price]] = MappingProxyType({})) -> Iterator[Machine]:
    """Its machines, in their order."""
    for family in file.families:
        for shape in family.machines:
            name = name_of(family, shape)
            yield Machine(
                shape.type, shape.cpus, shape.memory, family.gpu, shape.gpus, shape.part, family.attached, family.disk,
                family.nic, family.name, family.ways, family.places, prices.get(name, {}),
            )  # fmt: skip


def name_of(family: Family, shape: Shape) -> str:
    """What the table calls a machine: its type, with the GPUs that do not follow from it."""
    return f"{shape.type}+{shape.gpus}x{family.gpu}" if family.attached else shape.type

