"""How much of what the project uses, and what it may."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cynthus.testing.gcp.machine_types import machine_type
from cynthus.testing.gcp.operations import failure
from cynthus.testing.gcp.places import ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

FAMILY_QUOTA = "GPUS-PER-GPU-FAMILY-per-project-region"
"""What counts newer GPUs, by their family."""

_METRICS = {
    "nvidia-tesla-t4": "NVIDIA_T4_GPUS",
    "nvidia-tesla-p4": "NVIDIA_P4_GPUS",
    "nvidia-tesla-v100": "NVIDIA_V100_GPUS",
    "nvidia-tesla-p100": "NVIDIA_P100_GPUS",
    "nvidia-l4": "NVIDIA_L4_GPUS",
    "nvidia-tesla-a100": "NVIDIA_A100_GPUS",
    "nvidia-a100-80gb": "NVIDIA_A100_80GB_GPUS",
}
FAMILIES = {
    "nvidia-h100-80gb": "NVIDIA_H100",
    "nvidia-h100-mega-80gb": "NVIDIA_H100_MEGA",
    "nvidia-h200-141gb": "NVIDIA_H200",
    "nvidia-b200": "NVIDIA_B200",
    "nvidia-rtx-pro-6000": "NVIDIA_RTX_PRO_6000",
}
"""The family of each newer GPU."""
_OF_SERIES = {"n2": "N2_CPUS", "n2d": "N2D_CPUS", "c3": "C3_CPUS", "a2": "A2_CPUS", "n4": "N4_CPUS", "c4": "C4_CPUS"}

_SPOT = tuple(f"PREEMPTIBLE_{metric}" for metric in (*_METRICS.values(), "CPUS"))
SHOWN = (*_METRICS.values(), "CPUS", *_OF_SERIES.values(), *_SPOT, "INSTANCES", "SSD_TOTAL_GB", "IN_USE_ADDRESSES")
"""Those that a region tells of."""

GLOBAL = ("GPUS_ALL_REGIONS", "CPUS_ALL_REGIONS")
"""Those that a project tells of."""


def needs(instance: Document) -> Counter[str]:
    """What an instance takes, by metric; those of families are `FAMILY_QUOTA/NVIDIA_H100`."""
    found = machine_type(instance["machineType"].rpartition("/")[2])
    # By flex-start it counts as what is preemptible does.
    scheduling = instance["scheduling"]
    spot = scheduling.get("preemptible", False) or scheduling.get("provisioningModel") == "FLEX_START"
    counted: Counter[str] = Counter({"INSTANCES": 1})
    if found is not None:
        cpus = _OF_SERIES.get(found.series, "CPUS")
        counted[f"PREEMPTIBLE_{cpus}" if spot else cpus] = found.processors
        counted["CPUS_ALL_REGIONS"] = found.processors
    for each in instance.get("guestAccelerators", []):
        gpu, count = each["acceleratorType"].rpartition("/")[2], int(each["acceleratorCount"])
        counted["GPUS_ALL_REGIONS"] += count
        if gpu in FAMILIES:
            counted[f"{FAMILY_QUOTA}/{FAMILIES[gpu]}"] += count
        elif gpu in _METRICS:
            counted[f"PREEMPTIBLE_{_METRICS[gpu]}" if spot else _METRICS[gpu]] += count
    cards = instance.get("networkInterfaces", ())
    counted["IN_USE_ADDRESSES"] = sum(len(each.get("accessConfigs", ())) for each in cards)
    counted["SSD_TOTAL_GB"] = sum(int(disk.get("diskSizeGb", 0)) for disk in instance["disks"] if _ssd(disk))
    return counted


def used(world: World, region: str = "") -> Counter[str]:
    """What all instances take, in a region or everywhere. Where nobody ever set a limit for what is preemptible, it
    counts as what is not."""
    total: Counter[str] = Counter()
    for key, instance in world.store.items("instances"):
        if region in ("", ZONES[key.split("/")[3]]) and instance["status"] != "TERMINATED":
            total.update(_counted(world, needs(instance), region))
    return total


def exceeded(world: World, instance: Document, region: str) -> Document | None:
    """How an operation fails whose instance is too much; None where it is not."""
    more = _counted(world, needs(instance), region)
    there = {"": used(world), region: used(world, region)}
    for metric in sorted(more, key=lambda each: (each not in GLOBAL, each)):
        place = "" if metric in GLOBAL else region
        limit = world.project.limit(metric, place)
        if limit is not None and there[place][metric] + more[metric] > limit:
            return _failure(metric, limit, place)
    return None


def told(world: World, metrics: Iterable[str], region: str = "") -> list[Mapping[str, Any]]:
    """Quotas as a region or a project shows them."""
    usage = used(world, region)
    limits = {metric: world.project.limit(metric, region) for metric in metrics}
    return [
        {"metric": metric, "limit": limit, "usage": float(usage[metric])}
        for metric, limit in limits.items()
        if limit is not None
    ]


def _counted(world: World, needed: Counter[str], region: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for metric, count in needed.items():
        plain = metric.removeprefix("PREEMPTIBLE_")
        found[metric if world.project.limit(metric, region) is not None else plain] += count
    return found


def _failure(metric: str, limit: float, region: str) -> Document:
    name, _, family = metric.partition("/")
    where = f"in region {region}" if region else "globally"
    dimensions = {**({"region": region} if region else {}), **({"gpu_family": family} if family else {})}
    scope = "per-project-region" if region else "per-project"
    info = {
        "quotaInfo": {
            "metricName": f"compute.googleapis.com/{'gpus_per_gpu_family' if family else name.lower()}",
            "limitName": name if family else f"{name.replace('_', '-')}-{scope}",
            "dimensions": dimensions,
            "limit": limit,
        }
    }
    return failure("QUOTA_EXCEEDED", f"Quota '{name}' exceeded.  Limit: {limit} {where}.", info, status=403)


def _ssd(disk: Document) -> bool:
    return str(disk.get("_type", "")) in ("pd-ssd", "pd-balanced")
