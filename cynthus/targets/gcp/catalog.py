"""The machines that Google Cloud has, as far as machines.json knows them: data with a date."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.supply import Source

TABLE = Path(__file__).with_name("machines.json")

Way = Literal["on-demand", "spot", "flex-start", "reservation"]
"""How a machine is bought. `on-demand`: by the hour. `flex-start`: as soon as there is one, for a time that is said
before. `reservation`: from what was reserved; who lists that sells it bound to a reservation, and everything that is
sold on demand can be reserved too."""


class Price(Struct, frozen=True, array_like=True):
    """In US dollars an hour, whole machines with their GPUs; None where it is not known, or nothing is sold so."""

    on_demand: float | None
    spot: float | None
    flex_start: float | None


UNKNOWN = Price(None, None, None)


class Gpu(Struct, frozen=True):
    """A model: what Google calls it, and how much memory it has in GB; None where that is not known."""

    type: str | None
    memory: int | None


class Machine(Struct, frozen=True):
    """A type of machine. `memory` in GiB.

    `attached`: its GPUs are asked for beside the type, and do not come with it. `part`: it has only one part in so many
    of a GPU. `places`: the regions that have it, each with the letters of its zones, '' where these are not known.
    """

    type: str
    cpus: int
    memory: float
    gpu: str | None = None
    gpus: int = 0
    part: int = 1
    attached: bool = False
    disk: str = "pd-balanced"
    nic: str | None = None
    family: str = ""
    ways: tuple[Way, ...] = ("on-demand", "spot")
    places: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.type} ({self.cpus} processors, {self.memory:g} GiB{self._with_gpus})"

    @property
    def _with_gpus(self) -> str:
        count = f"1/{self.part}" if self.part > 1 else str(self.gpus)
        return f", {count} {self.gpu}" if self.gpu else ""

    @property
    def name(self) -> str:
        """What the table calls it: the type, with the GPUs that do not follow from it."""
        return f"{self.type}+{self.gpus}x{self.gpu}" if self.attached else self.type

    def price(self, region: str, way: Way) -> float | None:
        """What it costs there, bought so. What is reserved costs as much as on demand, whether it is used or not."""
        found = self.prices.get(region, UNKNOWN)
        return {"spot": found.spot, "flex-start": found.flex_start}.get(way, found.on_demand)

    def sold(self, way: Way) -> bool:
        """Whether it can be bought so."""
        return way in self.ways or (way == "reservation" and "on-demand" in self.ways)

    def zones(self, region: str) -> tuple[str, ...]:
        """The zones of a region that are known to have it."""
        return tuple(f"{region}-{letter}" for letter in self.places.get(region, ""))

    def may_be_in(self, zone: str) -> bool:
        """Whether a zone has it, or nothing says that it has not."""
        region, _, letter = zone.rpartition("-")
        known = self.places.get(region)
        return known is not None and (not known or letter in known)


class Catalog(Struct, frozen=True):
    """All of it. `as_of` is the day of its prices. `zones`: the letters of each region's zones. `storage` is what a GB
    in a bucket costs by the month, by region, `images` what a GB of images does, and `secrets` one version of a secret;
    the first six of a billing account cost nothing, which nobody can tell from here. `disks` is what a GB of a disk
    costs by the month, by its type and region. `thrown_out`: prices that cannot be right, a line each."""

    as_of: str
    images: float
    secrets: float
    storage: Mapping[str, float]
    zones: Mapping[str, str]
    gpus: Mapping[str, Gpu]
    machines: tuple[Machine, ...]
    sources: Mapping[str, Source] = field(default_factory=dict)
    thrown_out: tuple[str, ...] = ()
    disks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@cache
def catalog() -> Catalog:
    """That of this version, or the user's own where that is newer.

    Raises:
        CatalogBroken, StateTooNew: it is not as it was shipped, or as `cynthus catalog update` wrote it.
    """
    from cynthus.targets.gcp.own import newest
    from cynthus.targets.gcp.table import catalog_of

    # The whole process goes by one table, whoever asks.
    return catalog_of(newest(os.environ))
