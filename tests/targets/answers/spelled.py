"""The rows of prices.json and places.json as Google's interfaces spell them out, page by page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cynthus.core.supply import Source
from cynthus.targets.gcp.refresh.answers import Answers, understood

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HERE = Path(__file__).parent
Page = dict[str, Any]

NAME = "gcosts-july"
SOURCE = Source(
    "2026-07-30",
    "prices, also of disks: pricing.yml of gcosts (Nils Knieling, Apache-2.0), made of Google's billing catalog; "
    "github.com/Cyclenerd/google-cloud-pricing-cost-calculator, commit fd66b26",
)
"""As the table names what the figures are from."""

_UNITS = {
    "h": ("hour", "s", "second", 3600), "GiBy.h": ("gibibyte hour", "By.s", "byte second", 3865470566400),
    "GBy.h": ("gigabyte hour", "By.s", "byte second", 3600000000000),
    "GiBy.mo": ("gibibyte month", "By.s", "byte second", 2.8598e15),
}  # fmt: skip
_LINK = "https://www.googleapis.com/compute/v1/projects/rehearsal"


def sku(
    description: str, group: str, usage: str, unit: str, price: int, regions: Sequence[str], *, currency: str = "USD"
) -> Page:
    """A row of the price list, whole, as the documentation of `services.skus.list` and recorded pages have it."""
    told, base, base_told, factor = _UNITS.get(unit, ("", "", "", 1))
    family = "Storage" if group == "LocalSSD" else "Compute"
    return {
        "description": description,
        "category": {
            "serviceDisplayName": "Compute Engine", "resourceFamily": family, "resourceGroup": group,
            "usageType": usage,
        },
        "serviceRegions": list(regions),
        "pricingInfo": [
            {
                "summary": "",
                "pricingExpression": {
                    "usageUnit": unit, "displayQuantity": 1,
                    "tieredRates": [
                        {
                            "startUsageAmount": 0,
                            "unitPrice": {
                                "currencyCode": currency, "units": str(price // 10**9), "nanos": price % 10**9
                            },
                        }
                    ],
                    "usageUnitDescription": told, "baseUnit": base, "baseUnitDescription": base_told,
                    "baseUnitConversionFactor": factor,
                },
                "currencyConversionRate": 1,
                "effectiveTime": "2026-07-30T06:00:00Z",
            }
        ],
        "serviceProviderName": "Google",
        "geoTaxonomy": {"type": "REGIONAL" if len(regions) == 1 else "MULTI_REGIONAL", "regions": list(regions)},
    }  # fmt: skip


def skus() -> list[Page]:
    """All rows that have a part in the table's prices."""
    return [sku(*row) for row in json.loads((HERE / "prices.json").read_text())]


def traps() -> list[Page]:
    """Rows of the real list that look like a price and are none."""
    return [sku(*row) for row in json.loads((HERE / "traps.json").read_text())]


def sku_pages(rows: Iterable[Page], size: int = 500) -> Iterator[Page]:
    """Rows as the price list gives them, in pages."""
    left = list(rows)
    while left:
        page, left = left[:size], left[size:]
        yield {"skus": page, **({"nextPageToken": str(len(left))} if left else {})}


def zone_pages() -> list[Page]:
    zones = json.loads((HERE / "places.json").read_text())["zones"]
    items = [
        {"kind": "compute#zone", "name": zone, "status": "UP", "region": f"{_LINK}/regions/{zone.rpartition('-')[0]}"}
        for zone in zones
    ]
    return [{"kind": "compute#zoneList", "items": items}]


def machine(zone: str, name: str, cpus: int, memory: int, gpu: str = "", count: int = 0) -> Page:
    """A type of machine; memory in MB, as Google has it."""
    gpus = {"accelerators": [{"guestAcceleratorType": gpu, "guestAcceleratorCount": count}]} if count else {}
    return {"kind": "compute#machineType", "name": name, "guestCpus": cpus, "memoryMb": memory, "zone": zone, **gpus}


def type_pages(listed: dict[str, list[Any]] | None = None) -> list[Page]:
    """By zone, the types of machines there; a zone with none has a warning, as in the real list."""
    told = json.loads((HERE / "places.json").read_text())["machineTypes"] if listed is None else listed
    items = {
        f"zones/{zone}": {"machineTypes": [machine(zone, *each) for each in each_zone]} for zone, each_zone in
        told.items()
    }  # fmt: skip
    return [{"kind": "compute#machineTypeAggregatedList", "items": {**items, "zones/us-west8-a": _NOTHING}}]


def accelerator_pages(listed: dict[str, list[str]] | None = None) -> list[Page]:
    told = json.loads((HERE / "places.json").read_text())["acceleratorTypes"] if listed is None else listed
    items = {f"zones/{zone}": {"acceleratorTypes": [{"name": each} for each in names]} for zone, names in told.items()}
    return [{"kind": "compute#acceleratorTypeAggregatedList", "items": items}]


_NOTHING = {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results for scope on this page."}}
SILENT = {"warning": {"code": "UNREACHABLE", "message": "The scope is not reachable."}}


def answers(*, more: Iterable[Page] = ()) -> Answers:
    """All of them, with more rows of the price list."""
    return understood(zone_pages(), type_pages(), accelerator_pages(), sku_pages([*skus(), *more]))
