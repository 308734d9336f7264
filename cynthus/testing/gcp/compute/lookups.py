"""What Google tells of itself: zones, regions, machine types, GPUs, types of disks, the project with its quotas."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeVar

from cynthus.testing.gcp.compute import quotas
from cynthus.testing.gcp.compute.kinds import check_place, wanted
from cynthus.testing.gcp.machine_types import DISK_TYPES, MACHINE_TYPES, MachineType, machine_type
from cynthus.testing.gcp.operations import GOOGLE
from cynthus.testing.gcp.places import GPU_ZONES, REGIONS, ZONES
from cynthus.testing.gcp.refusals import missing
from cynthus.testing.gcp.router import Call, Route, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cynthus.testing.gcp.store import Document

T = TypeVar("T")

_P = "projects/{project}"
_Z = f"{_P}/zones/{{zone}}"


def _project(call: Call) -> Document:
    return {
        "kind": "compute#project",
        "id": call.world.project.number,
        "name": call.project,
        "selfLink": f"{GOOGLE}projects/{call.project}",
        "commonInstanceMetadata": {
            "kind": "compute#metadata",
            "fingerprint": "AAAA",
            "items": [{"key": key, "value": value} for key, value in call.world.project.metadata.items()],
        },
        "quotas": quotas.told(call.world, quotas.GLOBAL),
    }


def _zone(call: Call, name: str) -> Document:
    link = f"{GOOGLE}projects/{call.project}"
    region = f"{link}/regions/{ZONES[name]}"
    return {"kind": "compute#zone", "name": name, "status": "UP", "region": region, "selfLink": f"{link}/zones/{name}"}


def _region(call: Call, name: str) -> Document:
    link = f"{GOOGLE}projects/{call.project}"
    return {
        "kind": "compute#region",
        "name": name,
        "status": "UP",
        "zones": [f"{link}/zones/{zone}" for zone in REGIONS[name]],
        "quotas": quotas.told(call.world, quotas.SHOWN, name),
        "selfLink": f"{link}/regions/{name}",
    }


def _machine_type(call: Call, zone: str, found: MachineType) -> Document:
    path = f"projects/{call.project}/zones/{zone}/machineTypes/{found.name}"
    gpus = [{"guestAcceleratorType": found.gpu, "guestAcceleratorCount": found.gpus}] if found.gpus else []
    return {
        "kind": "compute#machineType",
        "name": found.name,
        "guestCpus": found.processors,
        "memoryMb": int(found.gigabytes * 1024),
        "architecture": "X86_64",
        "zone": zone,
        "selfLink": GOOGLE + path,
        **({"accelerators": gpus} if gpus else {}),
    }


def _accelerator(call: Call, zone: str, name: str) -> Document:
    path = f"projects/{call.project}/zones/{zone}/acceleratorTypes/{name}"
    return {"kind": "compute#acceleratorType", "name": name, "zone": zone, "selfLink": GOOGLE + path}


def _disk_type(call: Call, zone: str, name: str) -> Document:
    path = f"projects/{call.project}/zones/{zone}/diskTypes/{name}"
    return {"kind": "compute#diskType", "name": name, "zone": zone, "selfLink": GOOGLE + path}


@cache
def _machine_types(zone: str) -> tuple[MachineType, ...]:
    return tuple(each for each in MACHINE_TYPES.values() if each.there(zone))


def _accelerators(zone: str) -> tuple[str, ...]:
    return tuple(gpu for gpu, zones in GPU_ZONES.items() if zone in zones)


def _disk_types(zone: str) -> tuple[str, ...]:  # noqa: ARG001 - the same in all
    return tuple(sorted(DISK_TYPES))


def _one_machine_type(call: Call) -> Document:
    check_place(call)
    zone, found = call.names["zone"], machine_type(call.names["name"])
    if found is None or not found.there(zone):
        raise missing(call.key)
    return _machine_type(call, zone, found)


def _listing(call: Call, noun: str, items: Iterable[Document]) -> Document:
    kept = [each for each in items if wanted(each, call.query.get("filter", ""))]
    some, token = cut(call, kept)
    return {"kind": f"compute#{noun}List", "id": call.key, "items": some, **({"nextPageToken": token} if token else {})}


def _of_zone(
    noun: str, there: Callable[[str], tuple[T, ...]], told: Callable[[Call, str, T], Document]
) -> tuple[Route, ...]:
    """List, one of it, and the list over all zones: of what is `there`, each as it is `told`."""
    plural = f"{noun}s"

    def found(call: Call, zone: str) -> list[Document]:
        return [told(call, zone, each) for each in there(zone)]

    def in_zone(call: Call) -> Document:
        check_place(call)
        return _listing(call, noun, found(call, call.names["zone"]))

    def one(call: Call) -> Document:
        check_place(call)
        for each in found(call, call.names["zone"]):
            if each["name"] == call.names["name"]:
                return each
        raise missing(call.key)

    def everywhere(call: Call) -> Document:
        asked = call.query.get("filter", "")
        pairs = [(zone, each) for zone in ZONES for each in there(zone)]
        # A long list has many pages, and each is made anew: only what is on it, where nothing has to be looked at.
        some, token = cut(call, [pair for pair in pairs if not asked or wanted(told(call, *pair), asked)])
        scopes: dict[str, Document] = {}
        for zone, each in some:
            scopes.setdefault(f"zones/{zone}", {plural: []})[plural].append(told(call, zone, each))
        following = {"nextPageToken": token} if token else {}
        return {"kind": f"compute#{noun}AggregatedList", "id": call.key, "items": scopes, **following}

    may = f"compute.{plural}"
    return (
        Route("compute", "GET", f"{_Z}/{plural}", f"{may}.list", in_zone),
        Route("compute", "GET", f"{_Z}/{plural}/{{name}}", f"{may}.get", one),
        Route("compute", "GET", f"{_P}/aggregated/{plural}", f"{may}.list", everywhere),
    )


def _zones(call: Call) -> Document:
    return _listing(call, "zone", (_zone(call, name) for name in ZONES))


def _regions(call: Call) -> Document:
    return _listing(call, "region", (_region(call, name) for name in REGIONS))


def _get_zone(call: Call) -> Document:
    if call.names["zone"] not in ZONES:
        raise missing(call.key)
    return _zone(call, call.names["zone"])


def _get_region(call: Call) -> Document:
    if call.names["region"] not in REGIONS:
        raise missing(call.key)
    return _region(call, call.names["region"])


ROUTES = (
    Route("compute", "GET", _P, "compute.projects.get", _project),
    Route("compute", "GET", f"{_P}/zones", "compute.zones.list", _zones),
    Route("compute", "GET", _Z, "compute.zones.get", _get_zone),
    Route("compute", "GET", f"{_P}/regions", "compute.regions.list", _regions),
    Route("compute", "GET", f"{_P}/regions/{{region}}", "compute.regions.get", _get_region),
    Route("compute", "GET", f"{_Z}/machineTypes/{{name}}", "compute.machineTypes.get", _one_machine_type),
    *_of_zone("machineType", _machine_types, _machine_type),
    *_of_zone("acceleratorType", _accelerators, _accelerator),
    *_of_zone("diskType", _disk_types, _disk_type),
)
