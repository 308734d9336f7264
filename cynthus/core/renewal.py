"""What came of asking a cloud anew what it has to sell, and for how much."""

from __future__ import annotations

from msgspec import Struct


class PriceMoves(Struct, frozen=True):
    """How many prices are other than before; one counts for each machine, region and way of buying."""

    up: int = 0
    down: int = 0
    same: int = 0
    first: int = 0
    """Known now for the first time."""
    gone: int = 0
    """Of what is sold there no more."""


class Renewal(Struct, frozen=True):
    """`before` and `as_of`: the days of the prices. `file`: where the table lies, or would. `new` and `gone` are
    machines, `arrived` and `left` machines with a region, `other` those with another number of processors or another
    memory. `thrown_out`: prices that cannot be right, `kept`: what the cloud did not tell and is as it was, in lines.
    `unknown`: machines of which it tells no price; `strange`: types of machine that the table does not take in."""

    place: str
    file: str
    before: str
    as_of: str
    prices: PriceMoves
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    arrived: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    thrown_out: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What else is to be known, of the copy that was there, say."""
    written: bool = False
