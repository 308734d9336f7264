"""Secret Manager: secrets, and their versions with what is secret."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from google_crc32c import value as crc32c

from cynthus.testing.gcp.newer import check_labels, listed, masked, policy_routes
from cynthus.testing.gcp.policies import etag
from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import Call, Route, page, shown
from cynthus.testing.gcp.shapes import ANY, MAP, NUMBER, TEXT, checked, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.testing.gcp.store import Document

_NAME = re.compile(r"[-_a-zA-Z0-9]{1,255}")
_PATH = "projects/{project}/secrets"
_ONE = f"{_PATH}/{{name}}"
_VERSION = f"{_ONE}/versions/{{version}}"
_LARGEST = 65536
_SHAPE = fields(
    "name createTime etag expireTime ttl versionDestroyTtl",
    replication={"automatic": ANY, "userManaged": ANY},
    labels=MAP,
    annotations=MAP,
    topics=ANY,
    rotation=ANY,
    versionAliases=ANY,
    customerManagedEncryption=ANY,
    tags=MAP,
)


def _create(call: Call) -> Document:
    body, name = checked(call.body, _SHAPE, "secret"), call.query.get("secretId", "")
    if not _NAME.fullmatch(name):
        raise refusal(400, f"The provided Secret ID [{name}] does not match the expected format [[a-zA-Z_0-9]+]")
    check_labels(body.get("labels", {}))
    if len(body.get("replication", {})) != 1:
        raise refusal(400, "Secret.replication must be provided.")
    key = f"{call.key}/{name}"
    if call.world.store.get("secrets", key) is not None:
        raise refusal(409, f"Secret [{_said(call, key)}] already exists.")
    document = {
        **body,
        "name": _said(call, key),
        "createTime": call.world.clock.stamp(),
        "etag": f'"{etag([key, body])}"',
        "_versions": 0,
    }
    call.world.create("secrets", key, document, call.who.email)
    return shown(document)


def _said(call: Call, key: str) -> str:
    """A path as this service says it: by the project's number."""
    return key.replace(f"projects/{call.project}/", f"projects/{call.world.project.number}/", 1)


def _key(call: Call) -> str:
    return f"projects/{call.project}/secrets/{call.names['name']}"


def _find(call: Call) -> Document:
    found = call.world.store.get("secrets", _key(call))
    if found is None:
        raise refusal(404, f"Secret [{_said(call, _key(call))}] not found.")
    return found


def _list(call: Call) -> Document:
    documents, token = page(call, "secrets", f"{call.key}/", size=250, asked="pageSize")
    found = listed(call, "secrets", (shown(each) for _, each in documents), token)
    return {**found, "totalSize": call.world.store.size("secrets")}


def _patch(call: Call) -> Document:
    there = _find(call)
    changes = masked(call, checked(call.body, _SHAPE, "secret"), "labels annotations ttl expireTime topics rotation")
    check_labels(changes.get("labels") or {})
    changed = {key: value for key, value in {**there, **changes}.items() if value is not None}
    changed["etag"] = f'"{etag([there["etag"], changes])}"'
    call.world.store.put("secrets", _key(call), changed)
    return shown(changed)


def _delete(call: Call) -> Document:
    _find(call)
    for key in call.world.store.keys("versions", f"{_key(call)}/"):
        call.world.store.remove("versions", key)
    call.world.erase("secrets", _key(call))
    return {}


# versions


def _add(call: Call) -> Document:
    there = _find(call)
    body = checked(call.body, {"payload": {"data": TEXT, "dataCrc32c": NUMBER}}, "request")
    data = _decoded(body.get("payload", {}).get("data", ""))
    told = body.get("payload", {}).get("dataCrc32c")
    if told is not None and int(told) != crc32c(data):
        raise refusal(400, "The data does not match its CRC32C checksum.")
    number = there["_versions"] + 1
    version = {
        "name": f"{there['name']}/versions/{number}",
        "createTime": call.world.clock.stamp(),
        "state": "ENABLED",
        "replicationStatus": {"automatic": {}},
        "etag": f'"{etag([there["name"], number])}"',
        "_data": base64.b64encode(data).decode(),
    }
    call.world.store.put("secrets", _key(call), {**there, "_versions": number})
    call.world.store.put("versions", f"{_key(call)}/versions/{number:06}", version)
    return shown(version)


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise refusal(400, "Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed.") from None
    if not 0 < len(data) <= _LARGEST:
        raise refusal(400, f"Secret Payload must be between 1 and {_LARGEST} bytes, not {len(data)}.")
    return data


def _version_at(call: Call) -> tuple[str, Document]:
    there, wanted = _find(call), call.names["version"]
    number = there["_versions"] if wanted == "latest" else int(wanted) if wanted.isdigit() else 0
    key = f"{_key(call)}/versions/{number:06}"
    found = call.world.store.get("versions", key)
    if found is None:
        raise refusal(404, f"Secret Version [{there['name']}/versions/{wanted}] not found.")
    return key, found


def _access(call: Call) -> Document:
    _, found = _version_at(call)
    if found["state"] != "ENABLED":
        text = f"Secret Version [{found['name']}] is in {found['state']} state."
        raise refusal(400, text, status="FAILED_PRECONDITION")
    data = base64.b64decode(found["_data"])
    return {"name": found["name"], "payload": {"data": found["_data"], "dataCrc32c": str(crc32c(data))}}


def _versions(call: Call) -> Document:
    _find(call)
    documents, token = page(call, "versions", f"{_key(call)}/versions/", size=250, asked="pageSize")
    return listed(call, "versions", (shown(each) for _, each in reversed(documents)), token)


def _become(state: str) -> Callable[[Call], Document]:
    def answer(call: Call) -> Document:
        key, found = _version_at(call)
        if found["state"] == "DESTROYED":
            text = f"Secret Version [{found['name']}] is in DESTROYED state."
            raise refusal(400, text, status="FAILED_PRECONDITION")
        gone = {"_data": "", "destroyTime": call.world.clock.stamp()} if state == "DESTROYED" else {}
        changed = {**found, **gone, "state": state}
        call.world.store.put("versions", key, changed)
        return shown(changed)

    return answer


_MAY, _OF = "secretmanager.secrets", "secretmanager.versions"
ROUTES = (
    Route("secretmanager", "POST", _PATH, f"{_MAY}.create", _create),
    Route("secretmanager", "GET", _PATH, f"{_MAY}.list", _list),
    Route("secretmanager", "GET", _ONE, f"{_MAY}.get", lambda call: shown(_find(call))),
    Route("secretmanager", "PATCH", _ONE, f"{_MAY}.update", _patch),
    Route("secretmanager", "DELETE", _ONE, f"{_MAY}.delete", _delete),
    *policy_routes("secretmanager", _ONE, _MAY, lambda call: _key(call) if _find(call) else ""),
    Route("secretmanager", "POST", f"{_ONE}:addVersion", f"{_OF}.add", _add),
    Route("secretmanager", "GET", f"{_ONE}/versions", f"{_OF}.list", _versions),
    Route("secretmanager", "GET", _VERSION, f"{_OF}.get", lambda call: shown(_version_at(call)[1])),
    Route("secretmanager", "GET", f"{_VERSION}:access", f"{_OF}.access", _access),
    Route("secretmanager", "POST", f"{_VERSION}:enable", f"{_OF}.enable", _become("ENABLED")),
    Route("secretmanager", "POST", f"{_VERSION}:disable", f"{_OF}.disable", _become("DISABLED")),
    Route("secretmanager", "POST", f"{_VERSION}:destroy", f"{_OF}.destroy", _become("DESTROYED")),
)
