"""What is other in one catalog than in another."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.renewal import PriceMoves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.targets.gcp.catalog import Catalog, Machine, Way

_WAYS: tuple[Way, ...] = ("on-demand", "spot", "flex-start")


class Changes(Struct, frozen=True):
    """Machines by their names; a place is written `g2-standard-4 in us-east1`."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    other: tuple[str, ...]
    arrived: tuple[str, ...]
    left: tuple[str, ...]
    prices: PriceMoves


def changes(before: Catalog, after: Catalog) -> Changes:
    """From one to the other."""
    old, new = ({each.name: each for each in catalog.machines} for catalog in (before, after))
    both = [(old[name], machine) for name, machine in new.items() if name in old]
    return Changes(
        tuple(name for name in new if name not in old),
        tuple(name for name in old if name not in new),
        tuple(_reshaped(was, now) for was, now in both if (was.cpus, was.memory) != (now.cpus, now.memory)),
        tuple(f"{now.name} in {region}" for was, now in both for region in now.places if region not in was.places),
        tuple(f"{now.name} in {region}" for was, now in both for region in was.places if region not in now.places),
        _moves(old, new),
    )


def _reshaped(was: Machine, now: Machine) -> str:
    return f"{now.name}: {now.cpus} processors and {now.memory:g} GiB, not {was.cpus} and {was.memory:g}"


def _moves(old: dict[str, Machine], new: dict[str, Machine]) -> PriceMoves:
    was, now = dict(_prices(old)), dict(_prices(new))
    both = Counter((now[key] > was[key]) - (now[key] < was[key]) for key in was.keys() & now.keys())
    return PriceMoves(
        both[1], both[-1], both[0], len(now.keys() - was.keys()), len(was.keys() - now.keys())
    )  # fmt: skip


def _prices(machines: dict[str, Machine]) -> Iterator[tuple[tuple[str, str, Way], float]]:
    for name, machine in machines.items():
        for region in machine.prices:
            for way in _WAYS:
                price = machine.price(region, way)
                if price is not None:
                    yield (name, region, way), price
