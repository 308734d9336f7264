"""How prices.json and places.json were made, of files of gcosts and of the table itself; README.md says what is what.

    python -m tests.targets.answers.make pricing.json zones.csv
"""

from __future__ import annotations

import csv
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cynthus.targets.gcp.catalog import TABLE
from tests.targets.answers.places_of_google import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
SPLIT = {
    "E2": ("e2-standard-2", "e2-highmem-2"), "N2": ("n2-standard-2", "n2-highmem-2"),
    "N4": ("n4-standard-2", "n4-highmem-2"), "C3": ("c3-standard-4", "c3-highmem-4"),
    "C4": ("c4-standard-4", "c4-highmem-4"), "N1 Predefined": ("n1-standard-4", "n1-highmem-4"),
}  # fmt: skip
"""Two machines of a series with different shares of memory: what a processor and a GiB cost follows from both."""
BASE = {"G2": (24988000, 2927000), "A2": (31611000, 4237000), "A3": (25498000, 2220000), "G4": (48910000, 5870000)}
"""Billionths of a dollar of a processor and a GiB in us-central1, on demand."""
FITTED = [
    # series, its smallest machine, the GPU's row, which local disks it has with it
    ("G2", "g2-standard-4", "Nvidia L4 GPU", 0), ("A2", "a2-highgpu-1g", "Nvidia Tesla A100 GPU", 0),
    ("A2", "a2-ultragpu-1g", "Nvidia Tesla A100 80GB GPU", 375), ("A3", "a3-highgpu-1g", "Nvidia H100 80GB GPU", 750),
    ("G4", "g4-standard-48", "RTX 6000 96GB", 0),
]  # fmt: skip
WAYS = (("hour", "month", "OnDemand"), ("hour_spot", "month_spot", "Preemptible"))
LISTED = ("n1-t4", "n1-v100", "g2", "a2-highgpu", "a2-megagpu", "a2-ultragpu")
"""Families of which all zones are public."""

Row = tuple[str, str, str, str, int, list[str]]


def main(pricing: str, zones: str) -> None:
    told = json.loads(Path(pricing).read_text())["compute"]
    table = json.loads(TABLE.read_text())
    rows = sorted({json.dumps(row, ensure_ascii=False) for row in (*_plain(told), *_with_gpus(told, table))})
    (HERE / "prices.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")
    with open(zones) as lines:
        names = [row["NAME"] for row in csv.DictReader(lines, delimiter=";")]
    lists = (f'"{name}": {_lines(listed)}' for name, listed in _places(table).items())
    (HERE / "places.json").write_text("{\n" + ",\n".join([f'"zones": {json.dumps(names)}', *lists]) + "\n}\n")


def _lines(listed: dict[str, Any]) -> str:
    return "{\n" + ",\n".join(f'"{zone}": {json.dumps(each)}' for zone, each in listed.items()) + "\n}"


def _cost(told: Any, machine: str, region: str, key: str) -> Fraction | None:
    """In billionths of a dollar an hour."""
    cost = told["instance"][machine]["cost"].get(region, {}).get(key)
    return None if cost is None else Fraction(str(cost)) * 10**9


def _plain(told: Any) -> Iterator[Row]:
    for series, (first, second) in SPLIT.items():
        for key, _, usage in WAYS:
            for region in told["instance"][first]["cost"]:
                core, ram = _solved(told, first, second, region, key)
                if core:
                    yield _row(f"{series} Instance Core", "CPU", usage, "h", core, region)
                    yield _row(f"{series} Instance Ram", "RAM", usage, "GiBy.h", ram, region)


def _solved(told: Any, first: str, second: str, region: str, key: str) -> tuple[int, int]:
    one, two = _cost(told, first, region, key), _cost(told, second, region, key)
    if one is None or two is None:
        return 0, 0
    (cpus, memory), (other_cpus, other_memory) = (
        (Fraction(str(told["instance"][name]["cpu"])), Fraction(str(told["instance"][name]["ram"])))
        for name in (first, second)
    )
    by = cpus * other_memory - other_cpus * memory
    return round((one * other_memory - two * memory) / by), round((cpus * two - other_cpus * one) / by)


def _with_gpus(told: Any, table: Any) -> Iterator[Row]:
    for series, machine, gpu, disks in FITTED:
        shape = told["instance"][machine]
        priced = {region for name in _kin(machine) for region in table["prices"]["gcosts-july"].get(name, {})}
        for key, monthly, usage in WAYS:
            for region in sorted(priced):
                whole = _cost(told, machine, region, key)
                if whole is None:
                    continue
                disk = Fraction(str(told["storage"]["local"]["cost"][region].get(monthly, 0))) * 10**9
                core, ram = _shared(told, series, region, key)
                rest = whole - core * shape["cpu"] - ram * shape["ram"] - disk * disks / 730
                yield _row(gpu, "GPU", usage, "h", round(rest), region)
                yield _row(f"{series} Instance Core", "CPU", usage, "h", core, region)
                yield _row(f"{series} Instance Ram", "RAM", usage, "GiBy.h", ram, region)
                if disks:
                    yield _row("SSD backed Local Storage", "LocalSSD", usage, "GiBy.mo", round(disk), region)


def _kin(machine: str) -> list[str]:
    """The machines that are charged by the same rows; the smallest of some is not sold on demand."""
    return [machine, "a3-highgpu-8g"] if machine == "a3-highgpu-1g" else [machine]


def _shared(told: Any, series: str, region: str, key: str) -> tuple[int, int]:
    """What a processor and a GiB cost. Nobody publishes that by region: the machine is as much dearer than in
    us-central1 as its parts. For A2 the machine with sixteen GPUs tells the processor's exactly; for G2 the next one
    tells what four processors and 16 GiB cost together."""
    core, ram = BASE[series]
    if series == "G2":
        more, less = _cost(told, "g2-standard-8", region, key), _cost(told, "g2-standard-4", region, key)
        assert more is not None
        assert less is not None
        each = (more - less) / 4
        ram = round(ram * each / (core + 4 * ram))
        return round(each - 4 * ram), ram
    smallest = next(
        machine for base, machine, _, _ in FITTED if base == series and _cost(told, machine, region, key) is not None
    )
    here, there = _cost(told, smallest, region, key), _cost(told, smallest, "us-central1", "hour")
    assert here is not None
    assert there is not None
    share = here / there
    many = _cost(told, "a2-megagpu-16g", region, key) if smallest == "a2-highgpu-1g" else None
    if many is not None:
        share = (16 * here - many) / 96 / core
    return round(core * share), round(ram * share)


def _row(part: str, group: str, usage: str, unit: str, price: int, region: str) -> Row:
    place = PLACES[region]
    spot = usage == "Preemptible"
    if group == "GPU":
        text = f"{part} attached to Spot Preemptible VMs running in {place}" if spot else f"{part} running in {place}"
    elif group == "LocalSSD":
        text = f"{part} attached to Spot Preemptible VMs in {place}" if spot else f"{part} in {place}"
    else:
        text = f"{'Spot Preemptible ' if spot else ''}{part} running in {place}"
    return text, group, usage, unit, price, [region]


def _places(table: Any) -> dict[str, Any]:
    """The zones of families of which all are public, in the table as everywhere."""
    types: dict[str, list[list[object]]] = {}
    gpus: dict[str, list[str]] = {}
    for family in table["families"]:
        if family["name"] not in LISTED:
            continue
        model = table["gpus"][family["gpu"]]["type"]
        for region, letters in family["places"].items():
            for zone in (f"{region}-{letter}" for letter in letters):
                gpus.setdefault(zone, [])
                if model not in gpus[zone]:
                    gpus[zone].append(model)
                if not family.get("attached"):
                    types.setdefault(zone, []).extend(
                        [each["type"], each["cpus"], round(each["memory"] * 1024), model, each["gpus"]]
                        for each in family["machines"]
                    )
    return {"machineTypes": dict(sorted(types.items())), "acceleratorTypes": dict(sorted(gpus.items()))}


if __name__ == "__main__":
    main(*sys.argv[1:])
