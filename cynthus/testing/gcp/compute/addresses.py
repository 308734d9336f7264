"""Addresses that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute.disks import set_labels
from cynthus.testing.gcp.compute.kinds import Kind, fingerprint
from cynthus.testing.gcp.operations import begin
from cynthus.testing.gcp.router import Route
from cynthus.testing.gcp.shapes import MAP, NUMBER, TEXT, checked, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

_SHAPE = fields(
    "name description address addressType networkTier purpose subnetwork network ipVersion ipv6EndpointType "
    "ipCollection region",
    prefixLength=NUMBER,
    labels=MAP,
)


def _complete(call: Call, body: Document) -> Document:
    number = call.world.store.size("addresses") % 250
    return {
        # Of a range that belongs to documentation: nothing is ever there.
        "address": f"203.0.113.{number + 1}",
        "addressType": "EXTERNAL",
        "networkTier": "PREMIUM",
        **body,
        "labelFingerprint": fingerprint(body.get("labels", {})),
        "status": "RESERVED",
    }


def _set_labels(call: Call) -> Document:
    key = call.key.rpartition("/")[0]
    body = checked(call.body, {"labels": MAP, "labelFingerprint": TEXT})
    set_labels(call, "addresses", key, ADDRESS.find(call, key), body)
    return begin(call, "setLabels", key)


ADDRESS = Kind("address", "addresses", "region", _SHAPE, _complete)
ROUTES = (
    *ADDRESS.routes(),
    Route("compute", "POST", f"{ADDRESS.path}/{{name}}/setLabels", "compute.addresses.setLabels", _set_labels),
)
