"""Whether a machine has what the spec asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.errors import PlacementRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.spec import AppSpec, Gpu

GIB = 1024**3
ELSEWHERE = "ask for less under `resources:`, or choose a `target:` that has it"


class Machine(Struct, frozen=True):
    """What a machine has. Sizes in bytes; `gpus` are the names that the NVIDIA driver gives, one an entry."""

    cpus: int
    memory: int
    disk_free: int
    gpus: tuple[str, ...]


def driver_branch(lines: Sequence[str]) -> int | None:
    """The branch of the driver that /proc/driver/nvidia/version tells of in its first line, or nvidia-smi in its only
    one."""
    found = re.search(r"\s([0-9]{3})\.[0-9.]+\s", f" {lines[0]} ") if lines else None
    return int(found[1]) if found else None


def refuse_too_little(spec: AppSpec, machine: Machine, name: str) -> None:
    """Check processors, memory and disk; `name` is what messages call the machine.

    Raises:
        PlacementRefused: it has less than the spec asks for.
    """
    wanted = spec.resources
    if wanted.cpus is not None and wanted.cpus.count > machine.cpus:
        raise PlacementRefused(f"`cpus: {wanted.cpus}` is more than {name}'s {machine.cpus}", hint=ELSEWHERE)
    for key, size, has in (("memory", wanted.memory, machine.memory), ("disk", wanted.disk, machine.disk_free)):
        if size is not None and size.bytes > has:
            raise PlacementRefused(f"`{key}: {size}` is more than {name}'s {has / GIB:.1f} GiB", hint=ELSEWHERE)


def without_place(spec: AppSpec) -> AppSpec:
    """The spec without what only counts where a machine is made: for an app that is tried on another target than the
    one that it was written for."""
    resources = replace(spec.resources, region=None, zone=None, spot=False, flex_start=False, reservation=None)
    return replace(spec, resources=resources, limits=replace(spec.limits, max_cost=None))


def refuse_to_make(spec: AppSpec) -> None:
    """Check that nothing is asked for which only counts where a machine is made.

    Raises:
        PlacementRefused: something is.
    """
    wanted = spec.resources
    named = {"region": wanted.region, "zone": wanted.zone, "reservation": wanted.reservation}
    asked = [f"`{key}: {value}`" for key, value in named.items() if value]
    asked += [f"`{key}: true`" for key in ("spot", "flex_start") if getattr(wanted, key)]
    if spec.limits.max_cost is not None:
        raise PlacementRefused(
            f"`max_cost: {spec.limits.max_cost:g}` below `limits:` says what machines may cost that are made, and with "
            f"`target: {spec.target}` none is",
            hint="leave it out, write `max_duration:` in its place, or choose a `target:` that makes machines: gcp",
        )
    if asked:
        raise PlacementRefused(
            f"{' and '.join(asked)} below `resources:` {'say' if len(asked) > 1 else 'says'} how a machine is to be "
            f"made, and with `target: {spec.target}` none is",
            hint="leave that out, or choose a `target:` that makes machines: gcp",
        )


def choose_gpus(wishes: Sequence[Gpu], have: Sequence[str], name: str) -> tuple[int, str]:
    """The first wish that the machine can fulfil: how many GPUs, and why those.

    Raises:
        PlacementRefused: it can fulfil none.
    """
    if not wishes:
        return 0, ""
    for wish in wishes:
        if sum(_same_gpu(wish.name, each) for each in have) >= wish.count:
            return wish.count, f"{name} has {wish}"
    asked = " or ".join(str(wish) for wish in wishes)
    raise PlacementRefused(f"`gpu: {asked}`: {name} has {', '.join(have) or 'no GPU'}", hint=ELSEWHERE)


def _same_gpu(wanted: str, name: str) -> bool:
    """Whether a driver's name ("NVIDIA A100-SXM4-80GB") is the model that was asked for ("A100-80GB")."""
    words = name.upper().replace("-", " ").split()
    return all(word in words for word in wanted.upper().replace("-", " ").split())
