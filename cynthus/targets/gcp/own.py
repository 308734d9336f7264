"""The user's own copy of the table of machines, which `cynthus catalog update` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus import settings
from cynthus.errors import CatalogBroken
from cynthus.targets.gcp.catalog import TABLE
from cynthus.targets.gcp.table import load, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cynthus.targets.gcp.catalog import Price
    from cynthus.targets.gcp.table import Family, File

_MEND = "`cynthus catalog update` makes it anew; or remove it, and that of this version counts"
_NEWER = "; or remove the file, and that of this version counts"


def own_copy(environment: Mapping[str, str]) -> Path:
    """Where it lies, if there is one."""
    return settings.read(environment).state_dir / "catalog" / "gcp.json"


def newest(environment: Mapping[str, str]) -> File:
    """The user's own, with what this version knows beside; or that of this version where it is of a later day.

    Raises:
        CatalogBroken, StateTooNew: one of them cannot be read.
    """
    path = own_copy(environment)
    if not path.exists():
        return load(TABLE)
    own = load(path, mend=_MEND, newer=_NEWER)
    shipped = load(TABLE)
    return with_facts(own, shipped) if own.as_of >= shipped.as_of else shipped


def with_facts(own: File, shipped: File) -> File:
    """A copy with what no interface of Google's tells and a newer Cynthus may know better: which disks and network
    cards machines take, how they are bought, series that are new to it, and prices that only others tell."""
    facts = {(family.gpu, shape.type): family for family in shipped.families for shape in family.machines}
    known = {shape.type for family in own.families for shape in family.machines}
    added = [each for each in shipped.families if known.isdisjoint(shape.type for shape in each.machines)]
    families = (*(_equipped(each, facts) for each in own.families), *added)
    # Those of the copy's own sources come last, and count more.
    prices = shipped.prices | {name: each for name, each in own.prices.items() if name not in shipped.prices}
    return replace(
        own,
        images=shipped.images,
        secrets=shipped.secrets,
        storage=shipped.storage,
        disks=shipped.disks,
        sources={**own.sources, **shipped.sources},
        zones={**shipped.zones, **own.zones},
        gpus={**own.gpus, **shipped.gpus},
        families=families,
        prices={source: _where_it_is(each, families) for source, each in prices.items()},
    )


def _where_it_is(prices: Mapping[str, Mapping[str, Price]], families: Iterable[Family]) -> dict[str, dict[str, Price]]:
    """Prices without those for places that a machine has left."""
    places = {name_of(family, shape): family.places for family in families for shape in family.machines}
    return {
        name: {region: price for region, price in regions.items() if region in places[name]}
        for name, regions in prices.items()
        if name in places
    }


def _equipped(family: Family, facts: Mapping[tuple[str | None, str], Family]) -> Family:
    like = next((facts[key] for shape in family.machines if (key := (family.gpu, shape.type)) in facts), family)
    return replace(family, disk=like.disk, nic=like.nic, ways=like.ways)


def to_renew(environment: Mapping[str, str]) -> tuple[File, tuple[str, ...]]:
    """The table that a new one is made of, and what is to be said of it: a broken copy is no reason to make none.

    Raises:
        StateTooNew: the user's own is of a newer Cynthus, which may have made it of more than this one knows.
    """
    try:
        return newest(environment), ()
    except CatalogBroken as broken:
        return load(TABLE), (f"{broken.message}; that of this version was taken in its place",)
