"""The disks of an instance: what it boots from, what it brings, what was there before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute import disks, rules
from cynthus.testing.gcp.compute.images import image_of
from cynthus.testing.gcp.compute.kinds import referred
from cynthus.testing.gcp.operations import GOOGLE
from cynthus.testing.gcp.refusals import in_use, invalid, refusal, taken

if TYPE_CHECKING:
    from cynthus.testing.gcp.machine_types import MachineType
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

_OF_IMAGE = ("architecture", "guestOsFeatures", "licenses")

def attached(call: Call, key: str, body: Document, machine: MachineType) -> list[Document]:
    """The disks of an instance that its body asks for.

    Raises:
        Refusal: one of them does not fit, or there is none to boot from.
    """
    told = body.get("disks", [])
    if not told or not told[0].get("boot"):
        raise invalid("resource.disks", told, "Boot disk must be specified.")
    return [attachable(call, key, number, each, machine) for number, each in enumerate(told)]


def attachable(call: Call, key: str, number: int, told: Document, machine: MachineType) -> Document:
    """One disk of an instance, as it is there.

    Raises:
        Refusal: it does not fit, or another instance has it.
    """
    zone, name = f"projects/{call.project}/zones/{call.names['zone']}", key.rpartition("/")[2]
    if told.get("type") == "SCRATCH":
        return _scratch(number, told, machine)
    whole: Document = {
        "autoDelete": False,
        "boot": False,
        "mode": "READ_WRITE",
        "interface": "SCSI",
        "type": "PERSISTENT",
        "deviceName": f"persistent-disk-{number}",
        **{field: value for field, value in told.items() if field != "initializeParams"},
        "index": number,
        "kind": "compute#attachedDisk",
    }
    if "source" in told:
        source, there = referred(call, "disks", told["source"], "resource.disks[0].source")
        if there.get("users"):
            raise in_use(source, there["users"][0].removeprefix(GOOGLE))
        return {**whole, "source": GOOGLE + source, "diskSizeGb": there["sizeGb"]}
    wish = told.get("initializeParams", {})
    kind = disks.disk_type(call, wish.get("diskType") or f"{zone}/diskTypes/pd-standard")
    rules.check_disk(machine, kind)
    image = image_of(call, wish["sourceImage"]) if wish.get("sourceImage") else None
    if told.get("boot") and image is None:
        raise invalid("resource.disks[0].initializeParams.sourceImage", "", "A boot disk must have a source.")
    size = int(wish.get("diskSizeGb") or (image or {}).get("diskSizeGb", 0))
    made = disks.disk(f"{zone}/diskTypes/{kind}", size, image, wish.get("labels", {}))
    path = f"{zone}/disks/{wish.get('diskName') or (name if not number else f'{name}-{number}')}"
    if call.world.store.get("disks", path) is not None:
        raise taken(path)
    known = image or {}
    of_image: Document = {field: known[field] for field in _OF_IMAGE if field in known}
    return {**whole, **of_image, "source": GOOGLE + path, "diskSizeGb": str(size), "_type": kind, "_disk": made}


def _scratch(number: int, told: Document, machine: MachineType) -> Document:
    """A local SSD: it is nowhere but in the machine.

    Raises:
        Refusal: the machine takes none.
    """
    if machine.series in ("e2", "f1", "g1"):
        raise refusal(400, f"[{machine.name}, local-ssd] features are not compatible for creating instance.")
    return {
        "type": "SCRATCH",
        "mode": "READ_WRITE",
        "interface": told.get("interface", "SCSI"),
        "autoDelete": True,
        "boot": False,
        "deviceName": told.get("deviceName", f"local-ssd-{number - 1}"),
        "diskSizeGb": str(told.get("diskSizeGb", 375)),
        "index": number,
        "kind": "compute#attachedDisk",
    }


def make_disk(call: Call, key: str, disk: Document) -> None:
    """Have a disk there that an instance brings, or let it have one that was there."""
    if disk["type"] == "SCRATCH":
        return
    path, users = disk["source"].removeprefix(GOOGLE), [GOOGLE + key]
    there = call.world.store.get("disks", path)
    if there is not None:
        call.world.store.put("disks", path, {**there, "users": users})
        return
    made = {**disk["_disk"], "name": path.rpartition("/")[2], "users": users}
    call.world.create("disks", path, {**made, **disks.DISK.common(call, path)}, call.who.email)
