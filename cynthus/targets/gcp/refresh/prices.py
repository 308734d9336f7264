"""What whole machines cost, added up from their parts; and what of it goes into the table."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.targets.gcp.catalog import Price
from cynthus.targets.gcp.refresh.parts import bill
from cynthus.targets.gcp.refresh.skus import Rate
from cynthus.targets.gcp.table import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cynthus.targets.gcp.catalog import Way
    from cynthus.targets.gcp.refresh.skus import PriceList
    from cynthus.targets.gcp.table import Family

By = dict[str, dict[str, Price]]
"""Prices by machine and region."""

_DIGITS = 6


class Priced(Struct, frozen=True):
    """Prices, and those that cannot be right, a line each. `unknown`: machines of which no price is told anywhere."""

    prices: By
    thrown_out: tuple[str, ...]
    unknown: tuple[str, ...]


def priced(families: Iterable[Family], rates: PriceList) -> Priced:
    """A machine has a price where all of its parts have one. One for which it is not sold is none."""
    prices: By = {}
    thrown_out: list[str] = []
    unknown: list[str] = []
    for family in families:
        for shape in family.machines:
            name, parts = name_of(family, shape), bill(family, shape)
            found = {}
            for region in family.places if parts else ():
                price = _of(parts or {}, region, family.ways, rates)
                if _upside_down(price):
                    thrown_out.append(f"{name} in {region}: spot ${price.spot:g} above on demand ${price.on_demand:g}")
                    price = Price(price.on_demand, None, price.flex_start)
                if price != Price(None, None, None):
                    found[region] = price
            if found:
                prices[name] = found
            else:
                unknown.append(name)
    return Priced(prices, tuple(thrown_out), tuple(unknown))


def _of(parts: Mapping[str, float], region: str, ways: Iterable[Way], rates: PriceList) -> Price:
    def total(way: Way) -> float | None:
        if way not in ways:
            return None
        each = [(rates.rates.get(Rate(part, way, region)), count) for part, count in parts.items()]
        if any(rate is None for rate, _ in each):
            return None
        return round(float(sum((rate or Decimal()) * Decimal(str(count)) for rate, count in each)), _DIGITS)

    return Price(total("on-demand"), total("spot"), total("flex-start"))


def _upside_down(price: Price) -> bool:
    return price.on_demand is not None and price.spot is not None and price.spot > price.on_demand


def merged(before: Mapping[str, By], source: str, fresh: By, earlier: Iterable[str], there: Mapping[str, set[str]]) -> (
    dict[str, By]
):  # fmt: skip
    """The prices of all sources with those of a new one: `earlier` sources lose what it says better and stand before
    it, the others stand behind it and count more. What costs nothing anywhere any more is left out; `there` are the
    regions of each machine."""
    old = set(earlier)
    made: dict[str, By] = {}
    for name in before:
        if name in old:
            made[name] = _without(before[name], fresh, there)
    made[source] = fresh
    for name in before:
        if name not in old and name != source:
            made[name] = _without(before[name], {}, there)
    return {name: prices for name, prices in made.items() if prices}


def _without(prices: By, fresh: By, there: Mapping[str, set[str]]) -> By:
    kept = {
        name: {
            region: price
            for region, price in regions.items()
            if region in there.get(name, ()) and not _covers(fresh.get(name, {}).get(region), price)
        }
        for name, regions in prices.items()
    }
    return {name: regions for name, regions in kept.items() if regions}


def _covers(new: Price | None, old: Price) -> bool:
    """Whether one says all that the other does."""
    if new is None:
        return False
    pairs = ((new.on_demand, old.on_demand), (new.spot, old.spot), (new.flex_start, old.flex_start))
    return all(old is None or new is not None for new, old in pairs)
