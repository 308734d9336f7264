"""What machines may take in time and money."""

from __future__ import annotations

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
