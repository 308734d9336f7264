"""OS Login, as it is asked: everybody for their own profile."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

import msgspec

from cynthus.testing.gcp.newer import masked
from cynthus.testing.gcp.profiles import OUTSIDER, is_outside, keys_of, username
from cynthus.testing.gcp.refusals import denied, refusal
from cynthus.testing.gcp.router import Call, Route
from cynthus.testing.gcp.shapes import NUMBER, TEXT, checked

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document

_LARGEST = 32 * 1024
_KEY = {"key": TEXT, "expirationTimeUsec": NUMBER, "fingerprint": TEXT, "name": TEXT}


def _profile(call: Call, email: str) -> Document:
    keys = {each["fingerprint"]: each for each in keys_of(call.world, email)}
    name = username(call.world, email)
    number = str(1_000_000_000 + int(hashlib.sha256(email.encode()).hexdigest()[:7], 16))
    account = {
        "name": f"users/{email}/projects/{call.project}",
        "accountId": call.project,
        "username": name,
        "uid": number,
        "gid": number,
        "homeDirectory": f"/home/{name}",
        "shell": "/bin/bash",
        "operatingSystemType": "LINUX",
        "primary": True,
    }
    # A name comes with the first key.
    known = call.world.store.get("profiles", email) is not None
    told: Document = {"posixAccounts": [account] if known else [], "sshPublicKeys": keys}
    return {"name": email, **{name: value for name, value in told.items() if value}}


def _mine(call: Call) -> str:
    """Whose profile it is, who may have no other's.

    Raises:
        Refusal: it is somebody else's, or of another project.
    """
    email = call.names["user"]
    if email != call.who.email:
        raise refusal(403, f"User {call.who.email} may not use the login profile of users/{email}.")
    named = call.query.get("projectId", "")
    if named and not call.world.project.is_called(named):
        raise refusal(403, f"Permission denied on resource project {named}.")
    return email


def _get(call: Call) -> Document:
    return _profile(call, _mine(call))


def _import(call: Call) -> Document:
    email = _mine(call)
    if is_outside(call.world, email) and not call.world.policies.allows(call.who, OUTSIDER, ""):
        raise denied("oslogin", OUTSIDER, f"projects/{call.project}", email)
    body = checked(call.body, _KEY, "ssh_public_key")
    print_ = _fingerprint(body.get("key", ""))
    path = f"users/{email}/sshPublicKeys/{print_}"
    kept = {**{each["fingerprint"]: each for each in keys_of(call.world, email)}}
    kept[print_] = {**body, "fingerprint": print_, "name": path}
    if len(msgspec.json.encode(kept)) > _LARGEST:
        text = "Login profile size exceeds 32 KiB. Delete profile values to make additional space."
        raise refusal(400, text)
    call.world.store.put("profiles", email, {"keys": kept})
    return {"loginProfile": _profile(call, email)}


def _fingerprint(key: str) -> str:
    try:
        return hashlib.sha256(base64.b64decode(key.split()[1], validate=True)).hexdigest()
    except (IndexError, binascii.Error):
        raise refusal(400, "Invalid SSH public key.") from None


def _key_at(call: Call) -> tuple[str, Document]:
    email, print_ = _mine(call), call.names["fingerprint"]
    found = next((each for each in keys_of(call.world, email) if each["fingerprint"] == print_), None)
    if found is None:
        raise refusal(404, "Requested entity was not found.")
    return email, found


def _change(call: Call) -> Document:
    email, there = _key_at(call)
    body = checked(call.body, _KEY, "ssh_public_key")
    return _kept(call, email, {**there, **masked(call, body, "expirationTimeUsec")})


def _kept(call: Call, email: str, key: Document) -> Document:
    keys = {each["fingerprint"]: each for each in keys_of(call.world, email)}
    call.world.store.put("profiles", email, {"keys": {**keys, key["fingerprint"]: key}})
    return key


def _delete(call: Call) -> Document:
    email, gone = _key_at(call)
    keys = {each["fingerprint"]: each for each in keys_of(call.world, email) if each != gone}
    call.world.store.put("profiles", email, {"keys": keys})
    return {}


_USER = "users/{user}"
_ONE = f"{_USER}/sshPublicKeys/{{fingerprint}}"
ROUTES = (
    Route("oslogin", "GET", f"{_USER}/loginProfile", "", _get),
    Route("oslogin", "POST", f"{_USER}:importSshPublicKey", "", _import),
    Route("oslogin", "GET", _ONE, "", lambda call: _key_at(call)[1]),
    Route("oslogin", "PATCH", _ONE, "", _change),
    Route("oslogin", "DELETE", _ONE, "", _delete),
)
