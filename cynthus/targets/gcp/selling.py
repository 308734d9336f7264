"""The catalog as a shop window: a row for each machine in each region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.supply import Sold, Supply
from cynthus.targets.gcp.catalog import UNKNOWN
from cynthus.targets.gcp.choice import SAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.targets.gcp.catalog import Catalog


def supply(catalog: Catalog) -> Supply:
    """All that Google Cloud has, by the catalog."""
    return Supply(
        "Google Cloud", catalog.as_of, tuple(_rows(catalog)), tuple(catalog.zones), SAME,
        tuple(catalog.sources.values()), catalog.thrown_out,
    )


def _rows(catalog: Catalog) -> Iterator[Sold]:
    for machine in catalog.machines:
        memory = catalog.gpus[machine.gpu].memory if machine.gpu else None
        for region in machine.places:
            price = machine.prices.get(region, UNKNOWN)
            yield Sold(
                machine.type, machine.type.partition("-")[0], machine.gpu, machine.gpus, machine.part, memory,
                machine.cpus, machine.memory, region, machine.zones(region), machine.ways,
                price.on_demand, price.spot, price.flex_start,
            )  # fmt: skip
