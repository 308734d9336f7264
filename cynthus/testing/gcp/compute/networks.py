"""Networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute.kinds import Kind
from cynthus.testing.gcp.compute.subnetworks import SUBNETWORK
from cynthus.testing.gcp.operations import GOOGLE
from cynthus.testing.gcp.places import REGIONS
from cynthus.testing.gcp.router import Route, shown
from cynthus.testing.gcp.shapes import FLAG, NUMBER, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

_SHAPE = fields(
    "name description networkFirewallPolicyEnforcementOrder internalIpv6Range networkProfile deletionPolicy",
    autoCreateSubnetworks=FLAG,
    enableUlaInternalIpv6=FLAG,
    mtu=NUMBER,
    params={"resourceManagerTags": "map"},
    routingConfig=fields("routingMode bgpBestPathSelectionMode bgpInterRegionCost", bgpAlwaysCompareMed=FLAG),
)

USERS = ("subnetworks", "firewalls", "routers")
"""The collections whose documents are of a network. (An instance is of a subnetwork.)"""


def _complete(_: Call, body: Document) -> Document:
    routing = {"routingMode": "REGIONAL", "bgpBestPathSelectionMode": "LEGACY", **body.get("routingConfig", {})}
    return {
        "autoCreateSubnetworks": False,
        "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
        **body,
        "routingConfig": routing,
    }


def _user(call: Call, key: str) -> str:
    link = GOOGLE + key
    for collection in USERS:
        for other, document in call.world.store.items(collection):
            if document.get("network") == link and not document.get("_automatic"):
                return other
    return ""


def _get(call: Call) -> Document:
    found = NETWORK.find(call, call.key)
    link = found["selfLink"]
    subnetworks = [each["selfLink"] for _, each in call.world.store.items("subnetworks") if each["network"] == link]
    return {
        **shown(found),
        "selfLinkWithId": f"{link.rpartition('/')[0]}/{found['id']}",
        **({"subnetworks": subnetworks} if subnetworks else {}),
    }


class _Networks(Kind, frozen=True):
    """One in automatic mode has a subnetwork in each region."""

    def insert(self, call: Call) -> Document:
        operation = super().insert(call)
        key = operation["targetLink"].removeprefix(GOOGLE)
        if (call.world.store.get("networks", key) or {}).get("autoCreateSubnetworks"):
            for number, region in enumerate(REGIONS):
                _make_subnetwork(call, key, region, f"10.{128 + number}.0.0/20")
        return operation

    def delete(self, call: Call) -> Document:
        there = self.find(call, call.key)
        effects = super().delete(call)
        if there["autoCreateSubnetworks"]:
            for key, each in call.world.store.items("subnetworks"):
                if each["network"] == there["selfLink"]:
                    call.world.erase("subnetworks", key)
        return effects


def _make_subnetwork(call: Call, network: str, region: str, space: str) -> None:
    name = network.rpartition("/")[2]
    key = f"projects/{call.project}/regions/{region}/subnetworks/{name}"
    body = {"name": name, "ipCidrRange": space, "network": network}
    document = {**SUBNETWORK.complete(call, body), **SUBNETWORK.common(call, key), "_automatic": True}
    call.world.create("subnetworks", key, document, call.who.email)


NETWORK = _Networks("network", "networks", "global", _SHAPE, _complete, _user)
ROUTES = (
    Route("compute", "GET", f"{NETWORK.path}/{{name}}", "compute.networks.get", _get),
    *NETWORK.routes(),
)
