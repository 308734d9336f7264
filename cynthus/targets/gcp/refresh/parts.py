"""What a machine is charged by, as Google's price list words it. A row is read as a whole description without the place
at its end, never as a piece of one: the same words stand in rows for reservations, commitments and sole tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.targets.gcp.table import Family, Shape


class Parts(Struct, frozen=True):
    """Of machines whose type begins alike: the rows of a processor and of a GiB, '' where the GPU's row has them in it.
    `ssd`: GiB of local disks that come with each GPU and are charged apart."""

    core: str = ""
    ram: str = ""
    ssd: int = 0


def _series(name: str, *, ssd: int = 0) -> Parts:
    return Parts(f"{name} Instance Core", f"{name} Instance Ram", ssd)


PARTS: Mapping[str, Parts] = {
    "e2-": _series("E2"),
    "n1-": _series("N1 Predefined"),
    "n2-": _series("N2"),
    "n4-": _series("N4"),
    "c3-": _series("C3"),
    "c4-": _series("C4"),
    "g2-": _series("G2"),
    "g4-": _series("G4"),
    "a2-": _series("A2"),
    "a2-ultragpu-": _series("A2", ssd=375),
    "a3-highgpu-": _series("A3", ssd=750),
    "a3-megagpu-": _series("A3Plus", ssd=750),
    "a3-ultragpu-": _series("A3Ultra", ssd=1500),
    "a4-highgpu-": Parts(),
}
"""By the beginning of the type; the longest counts."""

GPUS: Mapping[str, tuple[str, ...]] = {
    "T4": ("Nvidia Tesla T4 GPU",),
    "P4": ("Nvidia Tesla P4 GPU",),
    "P100": ("Nvidia Tesla P100 GPU",),
    "V100": ("Nvidia Tesla V100 GPU",),
    "L4": ("Nvidia L4 GPU",),
    "A100": ("Nvidia Tesla A100 GPU",),
    "A100-80GB": ("Nvidia Tesla A100 80GB GPU",),
    "H100": ("Nvidia H100 80GB GPU",),
    "H100-MEGA": ("Nvidia H100 80GB Mega GPU", "Nvidia H100 Mega 80GB GPU", "Nvidia H100 80GB Plus GPU"),
    "H200": ("H200 141GB GPU",),
    "B200": ("A4 Nvidia B200 (1 gpu slice)",),
    "RTX-PRO-6000": ("RTX 6000 96GB",),
}
"""The rows of a model, by what the table calls it. Google calls one of them by several names."""

SLICES: Mapping[str, tuple[str, int]] = {"RTX-PRO-6000": ("1/8 vGPU no lssd", 8)}
"""The row of a part of a GPU, which has its processors and memory in it, and how many of those make a whole one."""

SSD = "SSD backed Local Storage"

HOURS = 730
"""Of a month, as Google counts what it quotes by the month."""


def parts_of(machine_type: str) -> Parts | None:
    """How machines of a type are charged; None where nobody has written it down here."""
    begins = [each for each in PARTS if machine_type.startswith(each)]
    return PARTS[max(begins, key=len)] if begins else None


def bill(family: Family, shape: Shape) -> Mapping[str, float] | None:
    """How much of which row a machine takes by the hour; None where that is not known."""
    parts = parts_of(shape.type)
    models = SLICES if shape.part > 1 else GPUS
    if parts is None or (family.gpu is not None and family.gpu not in models):
        return None
    return dict(_charged(parts, family.gpu, shape))


def _charged(parts: Parts, gpu: str | None, shape: Shape) -> Iterator[tuple[str, float]]:
    if gpu and shape.part > 1:
        row, whole = SLICES[gpu]
        yield row, shape.gpus * whole / shape.part
        return
    if parts.core:
        yield parts.core, shape.cpus
        yield parts.ram, shape.memory
    if gpu:
        yield GPUS[gpu][0], shape.gpus
    if parts.ssd:
        yield SSD, parts.ssd * shape.gpus


def rows() -> Iterator[tuple[str, str]]:
    """Every row that counts, as it may be worded, and the word that stands for it in a bill."""
    for parts in PARTS.values():
        yield from ((each, each) for each in (parts.core, parts.ram) if each)
    for names in GPUS.values():
        yield from ((each, names[0]) for each in names)
    yield from ((row, row) for row, _ in SLICES.values())
    yield SSD, SSD
