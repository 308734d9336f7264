"""Which machine fits a spec: pure functions over the catalog."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from cynthus.core.suggest import did_you_mean
from cynthus.errors import PlacementRefused
from cynthus.targets.fit import GIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.gpu import Gpu
    from cynthus.core.spec import AppSpec, Resources
    from cynthus.targets.gcp.catalog import Catalog, Machine

FEWEST_CPUS, LEAST_MEMORY = 4, 16
"""What a machine without a GPU has where nothing is said, the memory in GiB."""
SAME = {"A100-40GB": "A100", "H100-80GB": "H100"}
"""Models that people call by two names."""


def choose(spec: AppSpec, catalog: Catalog) -> Machine:
    """The smallest machine that has what the spec asks for: the first GPUs of its list that can be had so.

    Raises:
        PlacementRefused: there is none; the message says why, of the GPUs that are liked best.
    """
    wanted = spec.resources
    if not wanted.gpu:
        return _smallest([each for each in catalog.machines if each.gpu is None], wanted)
    refused = []
    for wish in wanted.gpu:
        found = [each for each in catalog.machines if each.gpu == _name(wish) and each.gpus == wish.count]
        try:
            if found:
                return _smallest(found, wanted)
        except PlacementRefused as refusal:
            refused.append(refusal)
    raise refused[0] if refused else _no_such_gpus(wanted.gpu, catalog)


def _smallest(found: Sequence[Machine], wanted: Resources) -> Machine:
    big = [each for each in found if _large_enough(each, wanted)]
    if not big:
        near = sorted(found, key=lambda each: _distance(each, wanted))[:3]
        raise PlacementRefused(
            f"no machine of Google's has {_asked(wanted)}", hint=f"these come near: {_listed(near)}"
        )
    bought = [each for each in big if wanted.spot or not each.spot_only]
    if not bought:
        raise PlacementRefused(
            f"{big[0].type} cannot be bought by the hour", hint="write `spot: true` under `resources:`, or ask for more"
        )
    return min(bought, key=lambda each: (each.cpus, each.memory))


def _distance(machine: Machine, wanted: Resources) -> tuple[float, int]:
    """How far a machine is from what is asked for: how many times as many processors and as much memory."""
    cpus, memory = wanted.cpus, wanted.memory
    far = abs(log2(machine.cpus / cpus.count)) if cpus is not None else 0.0
    far += abs(log2(machine.memory * GIB / max(memory.bytes, 1))) if memory is not None else 0.0
    return far, machine.cpus


def _name(wish: Gpu) -> str:
    return SAME.get(wish.name, wish.name)


def _no_such_gpus(wishes: Sequence[Gpu], catalog: Catalog) -> PlacementRefused:
    asked = " or ".join(str(wish) for wish in wishes)
    name = _name(wishes[0])
    counts = sorted({each.gpus for each in catalog.machines if each.gpu == name})
    if counts:
        hint = f"machines there have {', '.join(map(str, counts))} of {name}"
    else:
        hint = did_you_mean(name, list(catalog.gpus)) or f"Google has {', '.join(catalog.gpus)}"
    return PlacementRefused(f"`gpu: {asked}`: Google Cloud has no machine with that", hint=hint)


def _large_enough(machine: Machine, wanted: Resources) -> bool:
    cpus, memory = wanted.cpus, wanted.memory
    if machine.gpu is None and cpus is None and machine.cpus < FEWEST_CPUS:
        return False
    if machine.gpu is None and memory is None and cpus is None and machine.memory < LEAST_MEMORY:
        return False
    enough = cpus is None or machine.cpus == cpus.count or (cpus.at_least and machine.cpus > cpus.count)
    # Nobody means 16 GB to be less than the 16 GiB that a machine has; more will always do.
    return enough and (memory is None or machine.memory * GIB >= memory.bytes)


def _asked(wanted: Resources) -> str:
    gpus = " or ".join(map(str, wanted.gpu))
    parts = [("gpu", gpus), ("cpus", wanted.cpus), ("memory", wanted.memory)]
    return ", ".join(f"`{key}: {value}`" for key, value in parts if value)


def _listed(machines: Sequence[Machine]) -> str:
    return ", ".join(map(str, machines))
