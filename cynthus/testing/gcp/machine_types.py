"""Machine types: how many processors, how much memory, which GPUs, which disks. As of 2026-11, of public catalogs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.testing.gcp.places import GPU_ZONES, ZONES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PD = frozenset({"pd-standard", "pd-balanced", "pd-ssd"})
_DISKS: Mapping[str, frozenset[str]] = {
    "n1": _PD,
    "a2": _PD,
    "e2": _PD | {"pd-extreme"},
    "n2": _PD | {"pd-extreme", "hyperdisk-balanced"},
    "n2d": _PD | {"hyperdisk-balanced"},
    "c3": frozenset({"pd-balanced", "pd-ssd", "hyperdisk-balanced"}),
    "g2": frozenset({"pd-balanced", "pd-ssd", "hyperdisk-balanced"}),
    "a3": frozenset({"pd-balanced", "pd-ssd", "hyperdisk-balanced"}),
    "n4": frozenset({"hyperdisk-balanced"}),
    "c4": frozenset({"hyperdisk-balanced"}),
    "g4": frozenset({"hyperdisk-balanced"}),
    "a4": frozenset({"hyperdisk-balanced"}),
}
DISK_TYPES = _PD | {"pd-extreme", "hyperdisk-balanced", "local-ssd"}

_ATTACHED: Mapping[str, Mapping[int, int]] = {
    "nvidia-tesla-t4": {1: 48, 2: 48, 4: 96},
    "nvidia-tesla-p4": {1: 24, 2: 48, 4: 96},
    "nvidia-tesla-v100": {1: 12, 2: 24, 4: 48, 8: 96},
    "nvidia-tesla-p100": {1: 16, 2: 32, 4: 96},
}
"""The GPUs that an N1 takes: how many at once, and the most processors beside so many."""

_FITTED = {
    "nvidia-l4": (
        "g2-standard-4:1:4:16 g2-standard-8:1:8:32 g2-standard-12:1:12:48 g2-standard-16:1:16:64 "
        "g2-standard-32:1:32:128 g2-standard-24:2:24:96 g2-standard-48:4:48:192 g2-standard-96:8:96:384"
    ),
    "nvidia-tesla-a100": (
        "a2-highgpu-1g:1:12:85 a2-highgpu-2g:2:24:170 a2-highgpu-4g:4:48:340 a2-highgpu-8g:8:96:680 "
        "a2-megagpu-16g:16:96:1360"
    ),
    "nvidia-a100-80gb": (
        "a2-ultragpu-1g:1:12:170 a2-ultragpu-2g:2:24:340 a2-ultragpu-4g:4:48:680 a2-ultragpu-8g:8:96:1360"
    ),
    "nvidia-h100-80gb": (
        "a3-highgpu-1g:1:26:234 a3-highgpu-2g:2:52:468 a3-highgpu-4g:4:104:936 a3-highgpu-8g:8:208:1872"
    ),
    "nvidia-h100-mega-80gb": "a3-megagpu-8g:8:208:1872",
    "nvidia-h200-141gb": "a3-ultragpu-8g:8:224:2952",
    "nvidia-b200": "a4-highgpu-8g:8:224:3968",
    "nvidia-rtx-pro-6000": (
        "g4-standard-48:1:48:180 g4-standard-96:2:96:360 g4-standard-192:4:192:720 g4-standard-384:8:384:1440"
    ),
}
"""The machines with GPUs in them: how many, processors, gigabytes."""

_PLAIN = {
    "e2-micro": (2, 1.0), "e2-small": (2, 2.0), "e2-medium": (2, 4.0), "f1-micro": (1, 0.6), "g1-small": (1, 1.7),
} | {
    f"{series}-{kind}-{processors}": (processors, processors * each)
    for series, most, per in (
        ("n1", 96, {"standard": 3.75, "highmem": 6.5, "highcpu": 0.9}),
        ("e2", 32, {"standard": 4.0, "highmem": 8.0, "highcpu": 1.0}),
        ("n2", 128, {"standard": 4.0, "highmem": 8.0, "highcpu": 1.0}),
        ("n2d", 224, {"standard": 4.0, "highmem": 8.0, "highcpu": 1.0}),
        ("c3", 176, {"standard": 4.0, "highmem": 8.0, "highcpu": 2.0}),
        ("n4", 80, {"standard": 4.0, "highmem": 8.0, "highcpu": 2.0}),
        ("c4", 288, {"standard": 3.75, "highmem": 7.75, "highcpu": 2.0}),
    )
    for kind, each in per.items()
    for processors in (1, 2, 4, 8, 16, 22, 24, 32, 44, 48, 64, 80, 88, 96, 128, 144, 176, 192, 224, 288)
    if processors <= most
} | {"n2-highmem-128": (128, 864.0), "c4-standard-2": (2, 7.0), "c4-highmem-2": (2, 15.0)}  # fmt: skip


class MachineType(Struct, frozen=True):
    """One; `gpu` and `gpus` are those that it always has."""

    name: str
    processors: int
    gigabytes: float
    gpu: str = ""
    gpus: int = 0

    @property
    def series(self) -> str:
        return self.name.split("-")[0]

    @property
    def disks(self) -> frozenset[str]:
        """The types of disks that it boots from."""
        if self.name.startswith("a3-ultragpu"):
            return _DISKS["a4"]
        return _DISKS.get(self.series, _PD)

    def there(self, zone: str) -> bool:
        return zone in (GPU_ZONES[self.gpu] if self.gpu else ZONES)


def _all() -> Iterator[MachineType]:
    for name, (processors, gigabytes) in _PLAIN.items():
        yield MachineType(name, processors, gigabytes)
    for gpu, words in _FITTED.items():
        for word in words.split():
            name, gpus, cpus, memory = word.split(":")
            yield MachineType(name, int(cpus), float(memory), gpu, int(gpus))


MACHINE_TYPES: Mapping[str, MachineType] = {each.name: each for each in _all()}

_CUSTOM = re.compile(r"(?:(n1|n2|n2d|e2|n4)-)?custom-(\d+)-(\d+)")


def machine_type(name: str) -> MachineType | None:
    """The one with that name, also where the user makes it up (`n2-custom-4-8192`)."""
    found = _CUSTOM.fullmatch(name)
    if found:
        return MachineType(name if found[1] else f"n1-{name}", int(found[2]), int(found[3]) / 1024)
    return MACHINE_TYPES.get(name)


def most_beside(gpu: str, count: int) -> int:
    """The processors that an N1 may have beside so many of these GPUs; 0 where it takes no such number of them."""
    return _ATTACHED.get(gpu, {}).get(count, 0)
