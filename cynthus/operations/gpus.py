"""`gpus`: what a cloud has to sell, where, and for how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.gpu import Gpu
from cynthus.core.misfit import Misfit, quoted
from cynthus.core.suggest import did_you_mean, nearest
from cynthus.core.supply import OLD
from cynthus.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.supply import Sold, Supply
    from cynthus.operations.tools import Tools
    from cynthus.targets.base import Target

WITHOUT = "cpu"
"""The name of all machines that have no GPU."""


class Wanted(Struct, frozen=True):
    """What was typed. `name`: a model and perhaps how many (`H100:8`), `cpu`, a series (`e2`) or a type of machine."""

    name: str = ""
    region: str = ""
    spot: bool = False
    target: str = "gcp"


class Shelf(Struct, frozen=True):
    """What there is of that, the cheapest first. `days` old are the prices."""

    supply: Supply
    sold: tuple[Sold, ...]
    days: int


def gpus(tools: Tools, wanted: Wanted) -> Shelf:
    """Look it up; nobody is asked over a network.

    Raises:
        UsageError: there is no such thing, or not there, or not so.
    """
    supply = tools.targets.find(wanted.target).supply()
    if supply is None:
        raise UsageError(f"the target {wanted.target} sells nothing: its machines are yours", hint="try --target gcp")
    if wanted.region and wanted.region not in supply.regions:
        hint = did_you_mean(wanted.region, supply.regions) or f"there are {', '.join(supply.regions)}"
        raise UsageError(f"{supply.place} has no region {quoted(wanted.region)}", hint=hint)
    found = _named(supply, wanted.name)
    here = [each for each in found if wanted.region in ("", each.region)]
    if not here:
        where = _near(wanted.region, found)
        raise UsageError(f"{wanted.name} is not to be had in {wanted.region}", hint=f"it is in {where}")
    fine = [each for each in here if "spot" in each.ways or not wanted.spot]
    if not fine:
        hint = f"it is sold so: {', '.join(here[0].ways)}"
        raise UsageError(f"{wanted.name} is not to be had as a spot machine", hint=hint)
    days = supply.age(tools.clock.now().date())
    return Shelf(supply, tuple(sorted(fine, key=lambda each: _order(each, spot=wanted.spot))), days)


def aged(tools: Tools, target: Target) -> tuple[str, ...]:
    """That the prices by which a machine was chosen are old; nothing where they are not, or there are none."""
    supply = target.supply()
    days = supply.age(tools.clock.now().date()) if supply else 0
    if supply is None or days <= OLD:
        return ()
    return (f"its prices are of {supply.as_of}, {days} days ago, and may have changed (`cynthus catalog update`)",)


def _order(sold: Sold, *, spot: bool) -> tuple[bool, float, int, str]:
    """By price, what is of unknown price last."""
    cost = sold.spot if spot else sold.cost
    return cost is None, cost or 0.0, sold.cpus, sold.region


def _named(supply: Supply, name: str) -> Sequence[Sold]:
    word = name.casefold()
    found = [each for each in supply.sold if word in ("", each.machine, each.family)]
    if word == WITHOUT:
        found = [each for each in supply.sold if each.gpu is None]
    return found or _of_gpu(supply, name)


def _of_gpu(supply: Supply, name: str) -> Sequence[Sold]:
    models = list(dict.fromkeys(each.gpu for each in supply.sold if each.gpu))
    try:
        wish = Gpu.parse(name)
    except Misfit as misfit:
        raise _unknown(supply, name, models, misfit.hint) from None
    model = supply.same.get(wish.name, wish.name)
    found = [each for each in supply.sold if each.gpu == model]
    if not found:
        raise _unknown(supply, name, models, f"it has {', '.join(models)}")
    if ":" not in name:
        return found
    right = [each for each in found if each.gpus == wish.count and each.part == 1]
    if not right:
        counts = sorted({each.gpus for each in found})
        raise UsageError(
            f"{supply.place} has no machine with {wish.count} {model}",
            hint=f"machines there have {', '.join(map(str, counts))} of {model}",
        )
    return right


def _unknown(supply: Supply, name: str, models: Sequence[str], otherwise: str) -> UsageError:
    """With the name that was meant, and where that is to be had."""
    near = nearest(name.partition(":")[0], models)
    if near is not None:
        cheapest = min((each for each in supply.sold if each.gpu == near), key=lambda each: _order(each, spot=False))
        price = "" if cheapest.cost is None else f", for ${cheapest.cost:.2f} an hour"
        otherwise = f'did you mean "{near}"? {cheapest.region} has it{price}'
    return UsageError(f"{supply.place} has no GPU {quoted(name)}", hint=otherwise)


def _near(region: str, found: Sequence[Sold]) -> str:
    """Where else it is, the regions of that continent before the others."""
    continent = region.partition("-")[0]
    regions = sorted({each.region for each in found}, key=lambda each: (each.partition("-")[0] != continent, each))
    more = f" and {len(regions) - 3} more" if len(regions) > 3 else ""
    return ", ".join(regions[:3]) + more
