"""What Google's newer services have in common: IAM by verbs, masks of updates, operations that are `done`."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from cynthus.testing.gcp.compute.kinds import wanted
from cynthus.testing.gcp.policies import POLICY
from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import Call, Route
from cynthus.testing.gcp.shapes import TEXT, TEXTS, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cynthus.testing.gcp.store import Document

_SET = {"policy": POLICY, "updateMask": TEXT}
_LABEL = re.compile(r"[a-z][-_a-z0-9]{0,62}")
_VALUE = re.compile(r"[-_a-z0-9]{0,63}")


def policy_routes(
    service: str, path: str, permission: str, find: Callable[[Call], str], *, get: str = "GET"
) -> tuple[Route, ...]:
    """The three verbs of IAM on what lies at a path. `find` gives the key of the policy, and refuses what is not there;
    `get` is how the policy is asked for, which differs."""

    def read(call: Call) -> Document:
        return call.world.policies.get(find(call))

    def write(call: Call) -> Document:
        return call.world.policies.replace(find(call), checked(call.body, _SET, "request").get("policy", {}))

    def test(call: Call) -> Document:
        key, wanted = find(call), checked(call.body, {"permissions": TEXTS}, "request").get("permissions", [])
        held = [each for each in wanted if call.world.policies.allows(call.who, each, key)]
        return {"permissions": held} if held else {}

    return (
        Route(service, get, f"{path}:getIamPolicy", f"{permission}.getIamPolicy", read),
        Route(service, "POST", f"{path}:setIamPolicy", f"{permission}.setIamPolicy", write),
        Route(service, "POST", f"{path}:testIamPermissions", "", test),
    )


def listed(call: Call, name: str, documents: Iterable[Document], token: str) -> Document:
    """A page of a list, without what its filter does not want."""
    items = [each for each in documents if wanted(each, call.query.get("filter", ""))]
    return {**({name: items} if items else {}), **({"nextPageToken": token} if token else {})}


def check_labels(labels: Mapping[str, str]) -> None:
    """Raises: Refusal, where a label is not as Google has them."""
    for key, value in labels.items():
        if not _LABEL.fullmatch(key) or not _VALUE.fullmatch(value):
            text = "can only contain lowercase letters, numbers, underscores and dashes"
            raise refusal(400, f"Invalid label '{key}: {value}': it {text}.")


def masked(call: Call, body: Document, allowed: str) -> Document:
    """The fields of a body that its `updateMask` names.

    Raises:
        Refusal: it names none, or one that cannot be changed.
    """
    mask = [name for name in call.query.get("updateMask", "").split(",") if name]
    if not mask:
        raise refusal(400, "The update_mask must be set.")
    for name in mask:
        if name.split(".")[0] not in allowed.split():
            raise refusal(400, f"Invalid update_mask: field {name!r} cannot be updated.")
    return {name.split(".")[0]: body.get(name.split(".")[0]) for name in mask}


def start(call: Call, parent: str, kind: str, response: Mapping[str, Any]) -> Document:
    """An operation that is done at once, or after the project's latency."""
    name = f"{parent}/operations/operation-{int(call.world.clock.seconds() * 1000)}-{os.urandom(8).hex()}".lstrip("/")
    operation: Document = {"name": name, "metadata": {"@type": f"type.googleapis.com/{kind}"}}
    due = call.world.clock.seconds() + call.world.project.latency
    call.world.store.put("long", name, {**operation, "_due": due, "_response": dict(response)})
    return operation


def operation_at(call: Call) -> Document:
    """Raises: Refusal, where there is none."""
    found = call.world.store.get("long", call.key)
    if found is None:
        raise refusal(404, f"Operation {call.key} was not found.")
    told = {"name": found["name"], "metadata": found["metadata"]}
    if found["_due"] > call.world.clock.seconds():
        return told
    return {**told, "done": True, "response": found["_response"]}
