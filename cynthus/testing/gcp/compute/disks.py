"""Disks: those that come with an instance, and those of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute.images import image_of
from cynthus.testing.gcp.compute.kinds import Kind, check_labels, fingerprint
from cynthus.testing.gcp.machine_types import DISK_TYPES
from cynthus.testing.gcp.operations import GOOGLE, begin
from cynthus.testing.gcp.refusals import invalid, missing, refusal
from cynthus.testing.gcp.router import Route
from cynthus.testing.gcp.shapes import ANY, FLAG, MAP, NUMBER, TEXT, TEXTS, checked, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

_SHAPE = fields(
    "name description type sourceImage sourceSnapshot architecture storagePool accessMode zone",
    sizeGb=NUMBER,
    labels=MAP,
    licenses=TEXTS,
    physicalBlockSizeBytes=NUMBER,
    provisionedIops=NUMBER,
    provisionedThroughput=NUMBER,
    enableConfidentialCompute=FLAG,
    guestOsFeatures=[fields("type")],
    resourcePolicies=TEXTS,
    diskEncryptionKey=ANY,
    params={"resourceManagerTags": "map"},
)


def _complete(call: Call, body: Document) -> Document:
    zone = f"projects/{call.project}/zones/{call.names['zone']}"
    kind = disk_type(call, body.get("type") or f"{zone}/diskTypes/pd-standard")
    image = image_of(call, body["sourceImage"]) if "sourceImage" in body else None
    size = int(body.get("sizeGb") or (image or {}).get("diskSizeGb") or 500)
    return {**body, **disk(f"{zone}/diskTypes/{kind}", size, image, body.get("labels", {}))}


def disk(kind: str, gigabytes: int, image: Document | None, labels: Document) -> Document:
    """What a disk is beside its name.

    Raises:
        Refusal: the image does not fit on it.
    """
    least = int(image["diskSizeGb"]) if image else 0
    if gigabytes < least:
        why = f"Requested disk size cannot be smaller than the image size ({least} GB)"
        raise invalid("resource.disks[0].initializeParams.diskSizeGb", gigabytes, why)
    source = {"sourceImage": image["selfLink"], "sourceImageId": image["id"]} if image else {}
    architecture = {"architecture": image["architecture"]} if image else {}
    return {
        **source,
        **architecture,
        "type": GOOGLE + kind,
        "sizeGb": str(gigabytes),
        "status": "READY",
        "physicalBlockSizeBytes": "4096",
        "enableConfidentialCompute": False,
        "labels": labels,
        "labelFingerprint": fingerprint(labels),
    }


def disk_type(call: Call, reference: str) -> str:
    """The type that a reference names.

    Raises:
        Refusal: there is none such.
    """
    name = reference.rpartition("/")[2]
    if name not in DISK_TYPES:
        zone = call.names.get("zone", "-")
        raise missing(f"projects/{call.project}/zones/{zone}/diskTypes/{name}")
    return name


def _user(call: Call, key: str) -> str:
    users: list[str] = (call.world.store.get("disks", key) or {}).get("users", [])
    return users[0].removeprefix(GOOGLE) if users else ""


def _set_labels(call: Call) -> Document:
    there = DISK.find(call, call.key.rpartition("/")[0])
    body = checked(call.body, {"labels": MAP, "labelFingerprint": TEXT})
    set_labels(call, "disks", call.key.rpartition("/")[0], there, body)
    return begin(call, "setLabels", call.key.rpartition("/")[0])


def _resize(call: Call) -> Document:
    key = call.key.rpartition("/")[0]
    there, size = DISK.find(call, key), int(checked(call.body, {"sizeGb": NUMBER}).get("sizeGb", 0))
    if size <= int(there["sizeGb"]):
        raise invalid("sizeGb", size, f"New disk size must be larger than existing size '{there['sizeGb']}'.")
    call.world.store.put("disks", key, {**there, "sizeGb": str(size)})
    return begin(call, "resize", key)


def set_labels(call: Call, collection: str, key: str, there: Document, body: Document) -> None:
    """Give other labels to a resource that has a fingerprint of them.

    Raises:
        Refusal: somebody else did so meanwhile (412).
    """
    labels = body.get("labels", {})
    check_labels(labels)
    if body.get("labelFingerprint", "") != there["labelFingerprint"]:
        raise refusal(412, "Labels fingerprint either invalid or resource labels have changed")
    call.world.store.put(collection, key, {**there, "labels": labels, "labelFingerprint": fingerprint(labels)})


DISK = Kind("disk", "disks", "zone", _SHAPE, _complete, _user)
ROUTES = (
    *DISK.routes(),
    Route("compute", "POST", f"{DISK.path}/{{name}}/setLabels", "compute.disks.setLabels", _set_labels),
    Route("compute", "POST", f"{DISK.path}/{{name}}/resize", "compute.disks.resize", _resize),
)
