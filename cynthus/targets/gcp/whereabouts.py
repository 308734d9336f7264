"""What a placement's `where` says for this target, and how its parts are read.

`project` and `zone`. `gpu`: which of several wishes it is. `home`: the region in which everything lies that lasts,
where that is another one. `others`: the regions that have a part of the network beside that one. `within`: the part of
the world in which another region may be taken; there is none where the machines have to stay in theirs.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.gcp import Gcp
from cynthus.targets.gcp.choice import name_of
from cynthus.targets.gcp.place import BASE, home_region, region_of, rendered_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.core.resources import Resources
    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.catalog import Machine

BLOCKS = "10.128.0.0/14"
"""Of which the network's part at home has the first /20."""
PARTS = "other_regions"
"""The variable of the root of what lasts that has a part of the network for each of these regions."""


def whereabouts(spec: AppSpec, project: str, zone: str, machine: Machine, root: Path) -> dict[str, str]:
    """All of it. `root` is the folder of what was, or will be, rendered for the machines.

    What lasts stays where it is: a bucket that holds something is not made anew elsewhere. But a region that the spec
    names, and that was none of the deployment's so far, is one to which all of it is to go; the plan shows that.
    """
    wanted, region = spec.resources, region_of(zone)
    where = {"project": project, "zone": zone, **wish_for(wanted, machine)}
    home = home_region(root)
    if home is not None:
        parts = rendered_values(root.parent / BASE).get(PARTS)
        others = [str(each) for each in parts] if isinstance(parts, dict) else []
        if region in (home, *others) or not (wanted.region or wanted.zone):
            where = moved({**where, "home": home, "others": " ".join(others)}, zone)
    return {**where, "within": part_of_world(region)} if _may_roam(spec) else where


def _may_roam(spec: AppSpec) -> bool:
    """Whether a machine may be in another region than the first: not where the user said in which, and not where a
    network, a bucket or a repository of their own has one, for traffic between regions is billed by the GB."""
    wanted, gcp = spec.resources, spec.gcp or Gcp()
    if wanted.zone or wanted.region or gcp.network or gcp.subnetwork:
        return False
    addresses = [spec.bucket or "", *(each.path for each in spec.data or ()), *(each.path for each in spec.models)]
    if any(each.startswith("gs://") for each in addresses):
        return False
    host = (spec.image.registry or "").partition("/")[0]
    return not re.fullmatch(r"[a-z]+-[a-z]+[0-9]+-docker\.pkg\.dev", host)


def part_of_world(region: str) -> str:
    """`us` of `us-central1`."""
    return region.partition("-")[0]


def wanted_at(wanted: Resources, where: Mapping[str, str]) -> Resources:
    """What is asked for there: of several GPUs in order of preference, the one that it is about."""
    gpu = tuple(each for each in wanted.gpu if str(each) == where.get("gpu"))
    return replace(wanted, gpu=gpu[:1]) if gpu else wanted


def wish_for(wanted: Resources, machine: Machine) -> dict[str, str]:
    """Which of several wishes a machine fulfils; nothing where there is but one."""
    if len(wanted.gpu) < 2:
        return {}
    has = (machine.gpu, machine.gpus)
    return next(({"gpu": str(each)} for each in wanted.gpu if (name_of(each), each.count) == has), {})


def home_of(where: Mapping[str, str]) -> str:
    """The region of buckets and images."""
    return where.get("home") or region_of(where["zone"])


def others_of(where: Mapping[str, str]) -> tuple[str, ...]:
    """The regions beside that one which have, or get, a part of the network."""
    return tuple(where.get("others", "").split())


def moved(where: Mapping[str, str], zone: str) -> dict[str, str]:
    """The same in another zone. What lasts stays where it is, and the network gets a part where it has none yet."""
    home, region = home_of(where), region_of(zone)
    others = others_of(where)
    if region != home and region not in others:
        others += (region,)
    found = {**where, "zone": zone, "others": " ".join(others), "home": home if home != region else ""}
    return {name: value for name, value in found.items() if value}


def of_what_lasts(where: Mapping[str, str]) -> dict[str, object]:
    """The values of that root that say where. The network's part in each other region gets a block of addresses after
    that of the first."""
    blocks = ip_network(BLOCKS).subnets(new_prefix=20)
    next(blocks)
    parts = {region: str(block) for region, block in zip(others_of(where), blocks, strict=False)}
    return {"region": home_of(where), **({PARTS: parts} if parts else {})}
