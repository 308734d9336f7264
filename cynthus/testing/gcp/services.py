"""Which services are enabled in the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.newer import operation_at, start
from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import Call, Route, cut
from cynthus.testing.gcp.shapes import FLAG, TEXT, TEXTS, checked

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document

_PATH = "projects/{project}/services"
_TYPE = "google.api.serviceusage.v1.OperationMetadata"


def _told(call: Call, host: str) -> Document:
    if not host.endswith(".googleapis.com"):
        raise refusal(403, f"Not found or permission denied for service(s): {host}.", "SERVICE_CONFIG_NOT_FOUND")
    parent = f"projects/{call.world.project.number}"
    state = "ENABLED" if host in call.world.project.enabled else "DISABLED"
    return {"name": f"{parent}/services/{host}", "config": {"name": host}, "state": state, "parent": parent}


def _list(call: Call) -> Document:
    hosts = [] if call.query.get("filter") == "state:DISABLED" else call.world.project.enabled
    some, token = cut(call, [_told(call, host) for host in hosts], 200)
    return {"services": some, **({"nextPageToken": token} if token else {})}


def _enable(call: Call) -> Document:
    told = _told(call, call.names["name"])
    call.world.project.enable(call.names["name"])
    return start(call, "", _TYPE, {"service": {**told, "state": "ENABLED"}})


def _enable_many(call: Call) -> Document:
    hosts = checked(call.body, {"serviceIds": TEXTS}, "request").get("serviceIds", [])
    for host in hosts:
        _told(call, host)
        call.world.project.enable(host)
    return start(call, "", _TYPE, {"services": [_told(call, host) for host in hosts]})


def _disable(call: Call) -> Document:
    checked(call.body, {"disableDependentServices": FLAG, "checkIfServiceHasUsage": TEXT}, "request")
    told = _told(call, call.names["name"])
    call.world.project.disable(call.names["name"])
    return start(call, "", _TYPE, {"service": {**told, "state": "DISABLED"}})


_ONE = f"{_PATH}/{{name}}"
_MAY = "serviceusage.services"
ROUTES = (
    Route("serviceusage", "GET", _PATH, f"{_MAY}.list", _list),
    Route("serviceusage", "POST", f"{_PATH}:batchEnable", f"{_MAY}.enable", _enable_many),
    Route("serviceusage", "GET", _ONE, f"{_MAY}.get", lambda call: _told(call, call.names["name"])),
    Route("serviceusage", "POST", f"{_ONE}:enable", f"{_MAY}.enable", _enable),
    Route("serviceusage", "POST", f"{_ONE}:disable", f"{_MAY}.disable", _disable),
    Route("serviceusage", "GET", "operations/{name}", "", operation_at),
)
