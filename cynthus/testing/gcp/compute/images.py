"""Images: Google's own by their families, and those that the project has."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute.kinds import Kind, path_of
from cynthus.testing.gcp.images import FAMILIES, PROJECTS, PUBLIC, PublicImage
from cynthus.testing.gcp.operations import GOOGLE
from cynthus.testing.gcp.refusals import invalid, missing
from cynthus.testing.gcp.router import Route, shown
from cynthus.testing.gcp.shapes import ANY, MAP, NUMBER, TEXTS, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

_SHAPE = fields(
    "name description family sourceDisk sourceImage sourceSnapshot architecture sourceType",
    labels=MAP,
    diskSizeGb=NUMBER,
    storageLocations=TEXTS,
    licenses=TEXTS,
    guestOsFeatures=[fields("type")],
    rawDisk=ANY,
    shieldedInstanceInitialState=ANY,
    params={"resourceManagerTags": "map"},
)


def _complete(call: Call, body: Document) -> Document:
    source = call.world.store.get("disks", path_of(call, body["sourceDisk"])) if "sourceDisk" in body else None
    if "sourceDisk" in body and source is None:
        raise missing(path_of(call, body["sourceDisk"]))
    size = body.get("diskSizeGb") or (source or {}).get("sizeGb") or 10
    return {"architecture": "X86_64", **body, "diskSizeGb": str(size), "status": "READY"}


def image_of(call: Call, reference: str) -> Document:
    """The image that a reference means: one by its name, or the newest of a family.

    Raises:
        Refusal: there is none.
    """
    key = path_of(call, reference)
    if "/global/images/" not in key:
        raise invalid("resource.disks[0].initializeParams.sourceImage", reference, "The URL is malformed.")
    project, name = key.split("/")[1], key.rpartition("/")[2]
    found = _of_family(call, project, name) if "/images/family/" in key else _named(call, key)
    if found is None:
        raise missing(key)
    if project not in PROJECTS:
        call.require("compute.images.useReadOnly", f"projects/{project}/global/images/{found['name']}")
    return found


def _named(call: Call, key: str) -> Document | None:
    public = PUBLIC.get(key)
    return _public(public) if public else call.world.store.get("images", key)


def _of_family(call: Call, project: str, family: str) -> Document | None:
    public = FAMILIES.get((project, family))
    if public:
        return _public(public)
    own = [each for _, each in call.world.store.items("images", f"projects/{project}/") if each.get("family") == family]
    return max(own, key=lambda each: str(each["creationTimestamp"]), default=None)


def _public(image: PublicImage) -> Document:
    return {
        "kind": "compute#image",
        "id": str(10**18 + zlib.crc32(image.key.encode())),
        "name": image.name,
        "family": image.family,
        "status": "READY",
        "diskSizeGb": str(image.gigabytes),
        "architecture": image.architecture,
        "creationTimestamp": "2026-07-01T00:00:00.000-07:00",
        "selfLink": GOOGLE + image.key,
        "guestOsFeatures": [{"type": name} for name in ("UEFI_COMPATIBLE", "VIRTIO_SCSI_MULTIQUEUE", "GVNIC")],
        "licenses": [f"{GOOGLE}projects/{image.project}/global/licenses/{image.family}"],
    }


def _get(call: Call) -> Document:
    found = _named(call, call.key)
    if found is None:
        raise missing(call.key)
    return shown(found)


def _get_of_family(call: Call) -> Document:
    return shown(image_of(call, call.key))


def _list(call: Call) -> Document:
    project = call.names["project"]
    if project not in PROJECTS:
        return IMAGE.list(call)
    items = [_public(each) for each in PUBLIC.values() if each.project == project]
    return {"kind": "compute#imageList", "items": items}


IMAGE = Kind("image", "images", "global", _SHAPE, _complete)
ROUTES = (
    Route("compute", "GET", f"{IMAGE.path}/family/{{name}}", "compute.images.getFromFamily", _get_of_family),
    Route("compute", "GET", f"{IMAGE.path}/{{name}}", "compute.images.get", _get),
    Route("compute", "GET", IMAGE.path, "compute.images.list", _list),
    *IMAGE.routes(),
)
