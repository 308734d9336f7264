"""Subnetworks, and the addresses that they give."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute.kinds import Kind, fingerprint, referred
from cynthus.testing.gcp.operations import GOOGLE
from cynthus.testing.gcp.refusals import invalid, refusal
from cynthus.testing.gcp.shapes import ANY, FLAG, NUMBER, TEXT, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

_SHAPE = fields(
    "name description network ipCidrRange region purpose role stackType ipv6AccessType privateIpv6GoogleAccess "
    "reservedInternalRange ipCollection externalIpv6Prefix internalIpv6Prefix",
    privateIpGoogleAccess=FLAG,
    allowSubnetCidrRoutesOverlap=FLAG,
    enableFlowLogs=FLAG,
    resolveSubnetMask=TEXT,
    secondaryIpRanges=[fields("rangeName ipCidrRange reservedInternalRange")],
    logConfig=fields("aggregationInterval metadata filterExpr", enable=FLAG, flowSampling=NUMBER, metadataFields=ANY),
    params={"resourceManagerTags": "map"},
)


def _complete(call: Call, body: Document) -> Document:
    network, _ = referred(call, "networks", body.get("network", ""), "resource.network")
    call.require("compute.networks.updatePolicy", network)
    space = _range(body.get("ipCidrRange", ""))
    for key, other in call.world.store.items("subnetworks"):
        if other["network"] == GOOGLE + network and space.overlaps(_range(other["ipCidrRange"])):
            region, name = key.split("/")[3], key.rpartition("/")[2]
            where = f"conflicts with existing subnetwork '{name}' in region '{region}'"
            raise refusal(400, f"Invalid IPCidrRange: {space} {where}.")
    return {
        "logConfig": {"enable": False},
        "privateIpGoogleAccess": False,
        "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
        "purpose": "PRIVATE",
        "stackType": "IPV4_ONLY",
        **body,
        "network": GOOGLE + network,
        "gatewayAddress": str(space.network_address + 1),
        "fingerprint": fingerprint(body),
        "state": "READY",
    }


def _range(text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        raise invalid("resource.ipCidrRange", text, "Must be a CIDR address range.") from None


def _user(call: Call, key: str) -> str:
    for other, instance in call.world.store.items("instances"):
        if any(nic["subnetwork"] == GOOGLE + key for nic in instance["networkInterfaces"]):
            return other
    return ""


def free_address(call: Call, subnetwork: Document) -> str:
    """One of a subnetwork that no instance has.

    Raises:
        Refusal: there is none left.
    """
    taken = {
        nic.get("networkIP")
        for _, instance in call.world.store.items("instances")
        for nic in instance["networkInterfaces"]
    }
    # Google keeps the first two and the last two.
    for address in list(_range(subnetwork["ipCidrRange"]).hosts())[1:-1]:
        if str(address) not in taken:
            return str(address)
    link = subnetwork["selfLink"].removeprefix(GOOGLE)
    raise refusal(400, f"IP space of '{link}' is exhausted.", "ipSpaceExhausted")


SUBNETWORK = Kind("subnetwork", "subnetworks", "region", _SHAPE, _complete, _user)
ROUTES = SUBNETWORK.routes()
