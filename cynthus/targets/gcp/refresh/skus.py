"""Google's price list read: from rows by the tens of thousands to what one of each part costs, by region and way."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.targets.gcp.refresh.parts import HOURS, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cynthus.targets.gcp.catalog import Way
    from cynthus.targets.gcp.refresh.answers import Sku

_PLACE = re.compile(r"(?: running)? in (?:(?! in )[^()])*$")
"""The place at the end; of `in Americas in Calendar Mode` only the last is taken off, and the rest is no part's."""
_USAGE: Mapping[Way, frozenset[str]] = {
    "on-demand": frozenset({"OnDemand"}),
    # Google files some of these under OnDemand; the wording is what tells.
    "spot": frozenset({"Preemptible", "OnDemand"}),
    "flex-start": frozenset({"Preemptible", "OnDemand"}),
}
_UNITS: Mapping[str, Decimal] = {
    "h": Decimal(1),
    "GiBy.h": Decimal(1),
    # As Google's own sums have it: a machine of 1872 GB is charged 1872 of these.
    "GBy.h": Decimal(1),
    "GiBy.mo": Decimal(1) / HOURS,
}
"""What an hour of one costs of what is quoted so."""


class Rate(Struct, frozen=True):
    """Of which part, bought how, where."""

    part: str
    way: Way
    region: str


class PriceList(Struct, frozen=True):
    """Dollars an hour of one processor, GiB or GPU. `doubtful`: for what two rows say different things, of which
    nothing is believed."""

    rates: Mapping[Rate, Decimal]
    doubtful: tuple[Rate, ...] = ()


def read(skus: Iterable[Sku]) -> PriceList:
    """What the rows say of the parts that count; all others are passed over."""
    known = dict(_wordings())
    found: dict[Rate, set[Decimal]] = {}
    for sku in skus:
        meant = known.get(_PLACE.sub("", sku.description))
        if meant is None or sku.category.usage_type not in _USAGE[meant[1]]:
            continue
        price = _price(sku)
        # What is not sold yet, or not so, stands there for nothing.
        if price:
            for region in sku.service_regions:
                found.setdefault(Rate(*meant, region), set()).add(price)
    return PriceList(
        {rate: next(iter(prices)) for rate, prices in found.items() if len(prices) == 1},
        tuple(rate for rate, prices in found.items() if len(prices) > 1),
    )


def _wordings() -> Iterator[tuple[str, tuple[str, Way]]]:
    for worded, part in rows():
        yield worded, (part, "on-demand")
        for way, before, behind in (
            ("spot", "Spot Preemptible", "Spot Preemptible VMs"),
            ("flex-start", "DWS Defined Duration", "DWS Defined Duration VMs"),
        ):  # fmt: skip
            yield f"{worded} attached to {behind}", (part, _way(way))
            yield f"{before} {worded}", (part, _way(way))
            # `A3 Instance Core`, and `DWS Defined Duration A3 Core`.
            yield f"{before} {worded.replace(' Instance ', ' ')}", (part, _way(way))


def _way(word: str) -> Way:
    return "spot" if word == "spot" else "flex-start"


def _price(sku: Sku) -> Decimal | None:
    """In dollars an hour; None where it is quoted in a way that is not understood."""
    quoted = sku.pricing_info[-1].pricing_expression if sku.pricing_info else None
    if quoted is None or len(quoted.tiered_rates) != 1:
        return None
    price, factor = quoted.tiered_rates[0].unit_price, _UNITS.get(quoted.usage_unit)
    if factor is None or price.currency_code != "USD":
        return None
    return (Decimal(price.units or 0) + Decimal(price.nanos).scaleb(-9)) * factor
