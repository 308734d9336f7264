"""What a cloud has to sell: machines, where they are to be had, and for how much."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD = 30
"""Days after which prices are told to be old."""


class Sold(Struct, frozen=True):
    """One type of machine in one region. Prices are of the whole machine, in US dollars an hour; None where they are
    not known. `memory` is in GiB, that of one GPU in GB. `part`: it has only one part in so many of a GPU. `zones`:
    none where it is not known which of the region's have it. `ways`: `on-demand`, `spot`, `flex-start` or
    `reservation`."""

    machine: str
    family: str
    gpu: str | None
    gpus: int
    part: int
    gpu_memory: int | None
    cpus: int
    memory: float
    region: str
    zones: tuple[str, ...]
    ways: tuple[str, ...]
    on_demand: float | None
    spot: float | None
    flex_start: float | None

    @property
    def cost(self) -> float | None:
        """By the hour, else as it is sold most cheaply, as far as prices are known."""
        known = [each for each in (self.spot, self.flex_start) if each is not None]
        return self.on_demand if self.on_demand is not None else min(known, default=None)


class Source(Struct, frozen=True):
    """Where figures are from, and of which day; None where that is not told."""

    date: str | None
    what: str


class Supply(Struct, frozen=True):
    """All that a place sells. `as_of`: the day of its prices. `same`: other names of models. `thrown_out`: prices that
    cannot be right, a line each."""

    place: str
    as_of: str
    sold: tuple[Sold, ...]
    regions: tuple[str, ...]
    same: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    thrown_out: tuple[str, ...] = ()

    def age(self, today: date) -> int:
        """How many days old its prices are."""
        return (today - date.fromisoformat(self.as_of)).days
