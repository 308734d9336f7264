"""The machines that Google Cloud has, as far as machines.json knows them: data with a date."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

TABLE = Path(__file__).with_name("machines.json")


class Gpu(Struct, frozen=True):
    """A model: what Google calls it, and the zones that have it; none where that is not known."""

    type: str
    zones: tuple[str, ...]


class Machine(Struct, frozen=True):
    """A type of machine. `memory` in GiB; prices in US dollars an hour in the catalog's region, None where unknown.

    `attached`: its GPUs are asked for beside the type, and do not come with it. `spot_only`: it cannot be bought by the
    hour.
    """

    type: str
    cpus: int
    memory: int
    gpu: str | None = None
    gpus: int = 0
    attached: bool = False
    disk: str = "pd-balanced"
    nic: str | None = None
    spot_only: bool = False
    price: float | None = None
    spot_price: float | None = None

    def __str__(self) -> str:
        return f"{self.type} ({self.cpus} processors, {self.memory} GiB{self._with_gpus})"

    @property
    def _with_gpus(self) -> str:
        return f", {self.gpus} {self.gpu}" if self.gpu else ""


class Catalog(Struct, frozen=True):
    """All of it. `region` is where the prices of machines hold; `storage` is what a GB in a bucket costs by the month,
    by region, `images` what a GB of images does, and `secrets` one version of a secret."""

    as_of: str
    region: str
    images: float
    secrets: float
    storage: dict[str, float]
    gpus: dict[str, Gpu]
    machines: tuple[Machine, ...]


@cache
def catalog() -> Catalog:
    """That of this version. Shapes and zones: Google's documentation; prices: its public price lists, of that date.

    Of buckets (Standard, regional): cloud.google.com/storage/pricing.
    Of images: cloud.google.com/artifact-registry/pricing.
    Of secrets: cloud.google.com/secret-manager/pricing; the first six of a billing account cost nothing, which nobody
    can tell from here.
    """
    return msgspec.json.decode(TABLE.read_bytes(), type=Catalog)
