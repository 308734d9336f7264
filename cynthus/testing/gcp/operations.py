"""Operations: work that goes on after a request was answered, and ends by the simulated clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cynthus.testing.gcp import expiry

if TYPE_CHECKING:
    from cynthus.testing.gcp.faults import OperationFault
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

GOOGLE = "https://www.googleapis.com/compute/v1/"

Effect = Sequence[Any]
"""What happens when an operation is done: `("erase", collection, key)`, `("change", collection, key, fields)`, or to a
machine `("run", "instances", key)`, `stop` or `remove`."""

_SCOPES = {"zones": "zone", "regions": "region"}


def begin(
    call: Call,
    kind: str,
    target: str,
    *,
    effects: Sequence[Effect] = (),
    error: Mapping[str, Any] | None = None,
    machine: str = "",
    fault: OperationFault | None = None,
) -> Document:
    """Begin one about the resource `target`; gives it as the request is answered. `machine` must have booted before it
    is done. With an error it does none of its effects."""
    world, scope = call.world, scope_of(target)
    planned = call.world.faults.of_operation(call.route.method, call.path) if fault is None else fault
    if planned.code and error is None:
        error = failure(planned.code, planned.message or f"it was told to fail with {planned.code}")
    now = world.clock.now()
    name = f"operation-{int(now.timestamp() * 1000)}-{os.urandom(8).hex()}"
    key = f"{scope}/operations/{name}"
    document = {
        "kind": "compute#operation",
        "id": world.new_id(),
        "name": name,
        "operationType": kind,
        "targetLink": GOOGLE + target,
        "targetId": (world.store.get(target.split("/")[-2], target) or {}).get("id", world.new_id()),
        "user": call.who.email,
        "insertTime": world.clock.stamp(),
        "startTime": world.clock.stamp(),
        "selfLink": GOOGLE + key,
        "status": "RUNNING",
        "progress": 0,
        **_place(scope),
    }
    hidden = {"_effects": [list(each) for each in effects], "_error": error, "_machine": machine}
    world.store.put("operations", key, {**document, **hidden})
    world.store.put("pending", key, {"due": now.timestamp() + world.project.latency, "never": planned.never})
    return document


def finish(world: World, key: str) -> None:
    """What is to happen when one is due. One that never ends has its effects all the same, as it may at Google's."""
    document = world.store.get("operations", key) or {}
    machine = world.store.get("instances", document.get("_machine") or "") or {}
    error = document.get("_error")
    if machine.get("_boot") == "failed":
        error = failure("INTERNAL_ERROR", machine.get("_failure", ""))
        expiry.remove(world, document["_machine"])
    if not error:
        for effect in document.get("_effects", ()):
            _apply(world, effect)
    never = (world.store.get("pending", key) or {}).get("never")
    world.store.remove("pending", key)
    if not never:
        ended = {"status": "DONE", "progress": 100, "endTime": world.clock.stamp(), **(error or {})}
        world.store.put("operations", key, {**document, **ended})


def failure(code: str, message: str, *details: Mapping[str, Any], status: int = 503) -> Document:
    """How an operation ends that went wrong."""
    error: Document = {"code": code, "message": message}
    if details:
        error["errorDetails"] = list(details)
    titles = {400: "BAD REQUEST", 403: "FORBIDDEN", 404: "NOT FOUND", 503: "SERVICE UNAVAILABLE"}
    return {
        "error": {"errors": [error]},
        "httpErrorStatusCode": status,
        "httpErrorMessage": titles.get(status, "INTERNAL SERVER ERROR"),
    }


def scope_of(key: str) -> str:
    """`projects/p/zones/z` of what lies there, or `projects/p/global`."""
    parts = key.split("/")
    return "/".join(parts[:4] if parts[2] in _SCOPES else parts[:3])


def _place(scope: str) -> Document:
    parts = scope.split("/")
    return {_SCOPES[parts[2]]: GOOGLE + scope} if parts[2] in _SCOPES else {}


def _apply(world: World, effect: Effect) -> None:
    what, collection, key = effect[:3]
    if what == "erase":
        world.erase(collection, key)
    elif what == "change":
        there = world.store.get(collection, key)
        if there is not None:
            world.store.put(collection, key, {**there, **effect[3]})
    else:
        _ON_MACHINES[what](world, key)


_ON_MACHINES: Mapping[str, Callable[[World, str], None]] = {
    "run": expiry.run,
    "stop": expiry.stop,
    "remove": expiry.remove,
}
