"""Firewall rules."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute.kinds import Kind, check_name, referred
from cynthus.testing.gcp.operations import GOOGLE, begin
from cynthus.testing.gcp.refusals import invalid, refusal
from cynthus.testing.gcp.router import Route
from cynthus.testing.gcp.shapes import FLAG, NUMBER, TEXT, TEXTS, checked, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

_RULE = [{"IPProtocol": TEXT, "ports": TEXTS}]
_SHAPE = fields(
    "name description network direction",
    priority=NUMBER,
    disabled=FLAG,
    allowed=_RULE,
    denied=_RULE,
    sourceRanges=TEXTS,
    destinationRanges=TEXTS,
    sourceTags=TEXTS,
    targetTags=TEXTS,
    sourceServiceAccounts=TEXTS,
    targetServiceAccounts=TEXTS,
    logConfig=fields("metadata", enable=FLAG),
    params={"resourceManagerTags": "map"},
)


def _complete(call: Call, body: Document) -> Document:
    network, _ = referred(call, "networks", body.get("network", ""), "resource.network")
    call.require("compute.networks.updatePolicy", network)
    if bool(body.get("allowed")) == bool(body.get("denied")):
        raise refusal(400, "Exactly one of allowed and denied rules must be specified.")
    for field in ("sourceRanges", "destinationRanges"):
        for each in body.get(field, []):
            _check_range(field, each)
    tagged = any(body.get(field) for field in ("sourceTags", "targetTags"))
    if tagged and any(body.get(field) for field in ("sourceServiceAccounts", "targetServiceAccounts")):
        raise refusal(400, "Firewall rule cannot use both tags and service accounts.")
    return {
        "direction": "INGRESS",
        "priority": 1000,
        "disabled": False,
        "logConfig": {"enable": False},
        **body,
        "network": GOOGLE + network,
    }


def _check_range(field: str, text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise invalid(f"resource.{field}", text, "Must be a CIDR address range.") from None


def _patch(call: Call) -> Document:
    there = FIREWALL.find(call, call.key)
    changes = checked(call.body, _SHAPE)
    check_name(changes.get("name", there["name"]))
    whole = _complete(call, {key: there[key] for key in _SHAPE if key in there} | changes)
    call.world.store.put("firewalls", call.key, {**there, **whole})
    return begin(call, "patch", call.key)


FIREWALL = Kind("firewall", "firewalls", "global", _SHAPE, _complete)
ROUTES = (
    *FIREWALL.routes(),
    Route("compute", "PATCH", f"{FIREWALL.path}/{{name}}", "compute.firewalls.update", _patch),
)
