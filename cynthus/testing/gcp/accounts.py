"""Service accounts, and the tokens that some may have in their name."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from cynthus.testing.gcp.newer import listed, policy_routes
from cynthus.testing.gcp.policies import etag
from cynthus.testing.gcp.principals import MACHINE
from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import Call, Route, page, shown
from cynthus.testing.gcp.shapes import ANY, FLAG, TEXT, TEXTS, checked, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])")
_ACCOUNT = fields("displayName description name email uniqueId etag projectId oauth2ClientId", disabled=FLAG)
_TOLD = ("displayName", "description")
_PATH = "projects/{project}/serviceAccounts"
_ONE = f"{_PATH}/{{account}}"


def _create(call: Call) -> Document:
    body = checked(call.body, {"accountId": TEXT, "serviceAccount": _ACCOUNT}, "request")
    name = body.get("accountId", "")
    if not _NAME.fullmatch(name):
        rule = "must be 6 to 30 characters, [a-z]([-a-z0-9]*[a-z0-9])"
        raise refusal(400, f'Invalid service account ID "{name}": {rule}.')
    email = f"{name}@{call.project}.iam.gserviceaccount.com"
    if call.world.store.get("accounts", email) is not None:
        raise refusal(409, f"Service account {name} already exists within project projects/{call.project}.")
    unique = f"1{call.world.new_id()}"
    told = {key: value for key, value in body.get("serviceAccount", {}).items() if key in _TOLD}
    document = {
        "name": f"projects/{call.project}/serviceAccounts/{email}",
        "projectId": call.project,
        "uniqueId": unique,
        "email": email,
        **told,
        "etag": etag([unique, told]),
        "oauth2ClientId": unique,
    }
    call.world.create("accounts", email, document, call.who.email)
    return document


def account_at(call: Call) -> Document:
    """The account that a path names by its address or its number.

    Raises:
        Refusal: there is none.
    """
    wanted = call.names["account"]
    found = call.world.store.get("accounts", wanted)
    if found is None:
        found = next((each for _, each in call.world.store.items("accounts") if each["uniqueId"] == wanted), None)
    if found is None:
        raise refusal(404, f"Unknown service account: {wanted}")
    return found


def _list(call: Call) -> Document:
    documents, token = page(call, "accounts", "", size=100, asked="pageSize")
    return listed(call, "accounts", (shown(each) for _, each in documents), token)


def _patch(call: Call) -> Document:
    there = account_at(call)
    body = checked(call.body, {"serviceAccount": _ACCOUNT, "updateMask": TEXT, **_ACCOUNT}, "request")
    told = body.get("serviceAccount", body)
    changes = {key: value for key, value in told.items() if key in _TOLD}
    changed = {**there, **changes, "etag": etag([there["etag"], changes])}
    call.world.store.put("accounts", there["email"], changed)
    return changed


def _delete(call: Call) -> Document:
    there = account_at(call)
    call.world.erase("accounts", there["email"])
    call.world.policies.remove(there["name"])
    call.world.policies.forget(there["email"], there["uniqueId"])
    return {}


def _token(call: Call) -> Document:
    """Let one speak in an account's name."""
    there = account_at(call)
    call.require("iam.serviceAccounts.getAccessToken", there["name"])
    body = checked(call.body, {"scope": TEXTS, "lifetime": TEXT, "delegates": ANY}, "request")
    seconds = float(body.get("lifetime", "3600s").rstrip("s"))
    token = f"{MACHINE}{there['email']}"
    ends = call.world.clock.now() + timedelta(seconds=seconds)
    return {"accessToken": token, "expireTime": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}


_MAY = "iam.serviceAccounts"
ROUTES = (
    Route("iam", "POST", _PATH, f"{_MAY}.create", _create),
    Route("iam", "GET", _PATH, f"{_MAY}.list", _list),
    Route("iam", "GET", _ONE, f"{_MAY}.get", account_at),
    Route("iam", "PATCH", _ONE, f"{_MAY}.update", _patch),
    Route("iam", "DELETE", _ONE, f"{_MAY}.delete", _delete),
    *policy_routes("iam", _ONE, _MAY, lambda call: str(account_at(call)["name"]), get="POST"),
    Route("iamcredentials", "POST", f"{_ONE}:generateAccessToken", f"{_MAY}.getAccessToken", _token, itself=True),
)
