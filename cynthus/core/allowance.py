"""What a run may take in time and money, and what is left of that for another attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.duration import Duration

if TYPE_CHECKING:
    from cynthus.core.placement import Placement
    from cynthus.core.resources import Limits
    from cynthus.core.run import Run

HOUR = 3600
LEAST = 300
"""Seconds below which no machine is worth making: it would hardly have booted."""
SAVING = 900
"""Of the last seconds of a machine, those in which main.py does not run any more: what it wrote is saved in them, and
what took longer to be brought there than was thought."""


def cost(per_hour: float, seconds: float) -> float:
    """What machines of that price cost in so many seconds; nothing where a clock went back."""
    return per_hour * max(seconds, 0.0) / HOUR


def lasts(dollars: float, per_hour: float) -> int:
    """How many whole seconds machines of that price may stand for that much money, and never one too many."""
    return int(dollars / per_hour * HOUR)


def left(limits: Limits, *, seconds: float, dollars: float) -> Limits | None:
    """What another attempt may take, of a run that has taken so many seconds, on machines that have cost so much; None
    where one of both is used up. What has no limit has none afterwards."""
    duration, most = limits.max_duration, limits.max_cost
    if duration is not None:
        duration = Duration(int(duration.seconds - max(seconds, 0.0)))
    if most is not None:
        most -= max(dollars, 0.0)
    if (duration is not None and duration.seconds <= 0) or (most is not None and most <= 0):
        return None
    return replace(limits, max_duration=duration, max_cost=most)


def of_this_attempt(limit: float, run: Run, placement: Placement) -> float:
    """For how many of the seconds that a run may take main.py may run in this attempt."""
    left_over = limit - run.ran
    if placement.remaining is not None:
        left_over = min(left_over, placement.remaining - SAVING)
    return max(1.0, left_over)
