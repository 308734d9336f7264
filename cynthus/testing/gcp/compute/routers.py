"""Routers, and the NATs in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cynthus.testing.gcp.compute.kinds import Kind, allow_in_network, check_name, path_of, referred
from cynthus.testing.gcp.operations import GOOGLE, begin
from cynthus.testing.gcp.refusals import missing, refusal
from cynthus.testing.gcp.router import Route
from cynthus.testing.gcp.shapes import ANY, FLAG, NUMBER, TEXTS, checked, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

_NAT: dict[str, Any] = fields(
    "name type natIpAllocateOption sourceSubnetworkIpRangesToNat sourceSubnetworkIpRangesToNat64 autoNetworkTier",
    natIps=TEXTS,
    drainNatIps=TEXTS,
    initialNatIps=TEXTS,
    endpointTypes=TEXTS,
    rules=ANY,
    subnetworks=[fields("name", sourceIpRangesToNat=TEXTS, secondaryIpRangeNames=TEXTS)],
    nat64Subnetworks=[fields("name")],
    logConfig=fields("filter", enable=FLAG),
    enableDynamicPortAllocation=FLAG,
    enableEndpointIndependentMapping=FLAG,
    **fields(
        "minPortsPerVm maxPortsPerVm icmpIdleTimeoutSec udpIdleTimeoutSec tcpEstablishedIdleTimeoutSec "
        "tcpTimeWaitTimeoutSec tcpTransitoryIdleTimeoutSec",
        NUMBER,
    ),
)
_SHAPE = fields(
    "name description network region",
    bgp=ANY,
    bgpPeers=ANY,
    interfaces=ANY,
    md5AuthenticationKeys=ANY,
    encryptedInterconnectRouter=FLAG,
    nats=[_NAT],
    params={"resourceManagerTags": "map"},
)


def _complete(call: Call, body: Document) -> Document:
    network, _ = referred(call, "networks", body.get("network", ""), "resource.network")
    call.require("compute.networks.updatePolicy", network)
    return {"description": "", **body, **_nats(call, body), "network": GOOGLE + network}


def _nats(call: Call, body: Document) -> Document:
    return {"nats": [_nat(call, nat) for nat in body["nats"]]} if body.get("nats") else {}


def _nat(call: Call, body: Document) -> Document:
    check_name(body.get("name"))
    subnetworks = [
        {**each, "name": GOOGLE + referred(call, "subnetworks", each["name"], "resource.nats.subnetworks")[0]}
        for each in body.get("subnetworks", [])
    ]
    if body.get("sourceSubnetworkIpRangesToNat") == "LIST_OF_SUBNETWORKS" and not subnetworks:
        raise refusal(400, "NAT with LIST_OF_SUBNETWORKS must have at least one subnetwork.")
    for address in body.get("natIps", []):
        if call.world.store.get("addresses", path_of(call, address)) is None:
            raise missing(path_of(call, address))
    given = {key: value for key, value in body.items() if value != []}
    return {
        "type": "PUBLIC",
        "autoNetworkTier": "PREMIUM",
        "endpointTypes": ["ENDPOINT_TYPE_VM"],
        "icmpIdleTimeoutSec": 30,
        "udpIdleTimeoutSec": 30,
        "tcpEstablishedIdleTimeoutSec": 1200,
        "tcpTimeWaitTimeoutSec": 120,
        "tcpTransitoryIdleTimeoutSec": 30,
        **given,
        **({"subnetworks": subnetworks} if subnetworks else {}),
    }


def _patch(call: Call) -> Document:
    there = ROUTER.find(call, call.key)
    allow_in_network(call, there)
    changes = checked(call.body, _SHAPE)
    kept = {key: value for key, value in there.items() if key != "nats" or "nats" not in changes}
    whole = {**kept, **changes, **_nats(call, changes), "network": there["network"], "name": there["name"]}
    if not changes.get("nats", [True]):
        del whole["nats"]
    call.world.store.put("routers", call.key, whole)
    return begin(call, "patch", call.key)


ROUTER = Kind("router", "routers", "region", _SHAPE, _complete)
ROUTES = (
    *ROUTER.routes(),
    Route("compute", "PATCH", f"{ROUTER.path}/{{name}}", "compute.routers.update", _patch),
)
