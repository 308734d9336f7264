"""How long machines live: what the cloud's own clock is set to, by the run's time and by what they may cost."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.allowance import HOUR, LEAST, cost, lasts
from cynthus.errors import PlacementRefused
from cynthus.targets.gcp.catalog import catalog
from cynthus.targets.gcp.machine import disk_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.catalog import Machine
    from cynthus.targets.gcp.choice import Choice
    from cynthus.targets.gcp.itinerary import Stop

USUAL_LIFETIME = 24 * HOUR
"""Seconds, where the spec limits nothing."""
AROUND = 1800
"""Seconds that a machine has beside the run's own: to boot, to be made ready, to save."""
LONGEST = 120 * 24 * HOUR
"""Google's limit of `max_run_duration`: 120 days."""
LONGEST_FLEX = 7 * 24 * HOUR
"""The same for a machine by flex-start, which has to have one."""
LATE = 60
"""Seconds that a machine may bill beyond its time: Google takes up to half a minute to end it."""
HOURS_OF_A_MONTH = 730
"""As Google counts them."""
_MINUTE = 60


def per_hour(spec: AppSpec, choice: Choice) -> float | None:
    """What all machines cost together in an hour, with their disks where the catalog knows what these cost; None where
    the machines' price is not known."""
    return _whole_price(spec, choice.machine, choice.region, choice.price)


def _whole_price(spec: AppSpec, machine: Machine, region: str, price: float | None) -> float | None:
    if price is None:
        return None
    by_month = catalog().disks.get(machine.disk, {}).get(region, 0.0)
    disk = by_month * disk_size(spec, machine) / HOURS_OF_A_MONTH
    return (price + disk) * (spec.resources.nodes or 1)


def offered(spec: AppSpec, stops: Sequence[Stop], placement: Placement) -> tuple[Stop, ...]:
    """The places of an itinerary at their whole price by the hour, without those where `max_cost` pays for too little.
    The first was looked at before."""
    priced = [replace(each, price=_whole_price(spec, each.machine, each.region, each.price)) for each in stops]
    return (priced[0], *(each for each in priced[1:] if _can_be_paid(spec, each, placement)))


def _can_be_paid(spec: AppSpec, stop: Stop, placement: Placement) -> bool:
    try:
        elsewhere(spec, placement, stop.price, stop.machine.type)
    except PlacementRefused:
        return False
    return True


def most_of_all(spec: AppSpec, stops: Sequence[Stop], placement: Placement) -> float | None:
    """What the machines can cost at most, wherever of these places they are made; None where nobody knows."""
    found = []
    for each in stops:
        stands = elsewhere(spec, placement, each.price, each.machine.type).stands
        if each.price is None or stands is None:
            return None
        found.append(cost(each.price, stands))
    return max(found)


def lifetime(spec: AppSpec, price: float | None, what: str) -> int:
    """Seconds after which the cloud ends machines of that price by the hour, all of them together; `what` is what
    messages call them.

    Raises:
        PlacementRefused: that is longer than Google lets them live, or no time at all, or nobody knows.
    """
    by_time = _by_time(spec)
    if spec.limits.max_cost is None:
        return by_time or USUAL_LIFETIME
    if price is None:
        raise PlacementRefused(
            f"`max_cost: {spec.limits.max_cost:g}` cannot be kept: what {what} costs is not known here",
            hint="write `max_duration:` in its place, or ask for a machine and a region whose price `cynthus gpus` has",
        )
    by_money = _by_money(spec.limits.max_cost, price)
    least = min(by_time or HOUR, HOUR)
    if by_money < least:
        raise _too_little(spec.limits.max_cost, price, what, least)
    return min(by_money, by_time or _longest(spec))


def elsewhere(spec: AppSpec, placement: Placement, price: float | None, what: str) -> Placement:
    """The same for machines of another price, where they are made in another place: never for more than `max_cost`.
    Where nobody is to remove them, nobody does there.

    Raises:
        PlacementRefused: as above.
    """
    if placement.lifetime is None:
        return placement
    found = lifetime(spec, price, what)
    if placement.remaining is None:
        return replace(placement, lifetime=found)
    # Of the money that earlier attempts have left: the same part of the time that all of it buys there.
    remaining = min(placement.remaining, placement.remaining * found // placement.lifetime)
    if remaining < LEAST:
        raise PlacementRefused(
            f"too little of `max_cost:` is left for {what}", hint="`cynthus down` brings home what was saved"
        )
    return replace(placement, lifetime=found, remaining=remaining)


def _longest(spec: AppSpec) -> int:
    return LONGEST_FLEX if spec.resources.flex_start else LONGEST


def _by_time(spec: AppSpec) -> int | None:
    """What the run's own time comes to; None where it has no limit."""
    limit = spec.limits.max_duration
    if limit is None:
        return None
    seconds = round(limit.seconds) + AROUND
    if spec.resources.flex_start and seconds > LONGEST_FLEX:
        raise PlacementRefused(
            f"`max_duration: {limit}` with `flex_start: true`: Google ends such a machine after seven days at most, "
            "and half an hour of them is for making it ready and for saving",
            hint="write `max_duration: 6d23h` or less; a longer run needs a machine by the hour, or a reserved one",
        )
    return min(seconds, LONGEST)


def _by_money(dollars: float, price: float) -> int:
    """In whole minutes, so that a figure is the same wherever it is computed."""
    return (lasts(dollars, price) - LATE) // _MINUTE * _MINUTE


def _too_little(dollars: float, price: float, what: str, least: int) -> PlacementRefused:
    needed = -(-least // _MINUTE) * _MINUTE
    # A cent is added where rounding could take one.
    cents = ceil(cost(price, needed + LATE) * 100 + 1e-6)
    why = "an hour" if least == HOUR else f"the {needed // _MINUTE} minutes that this run takes with boot and saving"
    return PlacementRefused(
        f"`max_cost: {dollars:g}` pays for {max(_by_money(dollars, price), 0) // _MINUTE} minutes of {what} at "
        f"${price:.2f} an hour, which is less than {why}",
        hint=f"write `max_cost: {cents / 100:.2f}` or more, or ask for a machine that costs less",
    )
