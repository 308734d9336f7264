"""Buckets as resources: their settings and who may do what to them. Their objects are elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cynthus.testing.gcp.clock import stamp
from cynthus.testing.gcp.policies import POLICY, etag
from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import Answer, Call, Route, page, shown
from cynthus.testing.gcp.shapes import ANY, FLAG, MAP, NUMBER, checked, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document

_NAME = re.compile(r"[a-z0-9][-_.a-z0-9]{1,61}[a-z0-9]")
_LABEL_KEY = re.compile(r"[a-z][-_a-z0-9]{0,62}")
_LABEL = re.compile(r"[-_a-z0-9]{0,63}")
_FLAGGED = fields("lockedTime mode restrictionMode", enabled=FLAG)
_CLAIMED = ("google", "goog")
_SHAPE = fields(
    "name location locationType storageClass rpo kind id etag selfLink projectNumber timeCreated updated generation "
    "metageneration",
    labels=MAP,
    iamConfiguration={
        "uniformBucketLevelAccess": _FLAGGED,
        "bucketPolicyOnly": _FLAGGED,
        "publicAccessPrevention": "text",
    },
    lifecycle={"rule": [{"action": fields("type storageClass"), "condition": ANY}]},
    softDeletePolicy=fields("effectiveTime", retentionDurationSeconds=NUMBER),
    versioning={"enabled": FLAG},
    autoclass=ANY,
    cors=ANY,
    encryption=ANY,
    logging=ANY,
    website=ANY,
    billing=ANY,
    retentionPolicy=ANY,
    customPlacementConfig=ANY,
    hierarchicalNamespace={"enabled": FLAG},
    objectRetention=ANY,
    defaultEventBasedHold=FLAG,
    ipFilter=ANY,
    acl=ANY,
    defaultObjectAcl=ANY,
    satisfiesPZS=FLAG,
    satisfiesPZI=FLAG,
)


def _create(call: Call) -> Document:
    body, project = checked(call.body, _SHAPE, "bucket"), call.query.get("project", "")
    call.world.project.admit("storage", project or "?")
    name = body.get("name", "")
    if not _NAME.fullmatch(name) or name.startswith(_CLAIMED):
        raise refusal(400, f"Invalid bucket name: '{name}'")
    call.require("storage.buckets.create", f"projects/{call.project}")
    _check_labels(body.get("labels", {}))
    if call.world.store.get("buckets", name) is not None:
        text = "Your previous request to create the named bucket succeeded and you already own it."
        raise refusal(409, text, "conflict")
    if call.world.store.get("others", name) is not None:
        text = "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        raise refusal(409, f"{text}Please select a different name and try again.", "conflict")
    now = call.world.clock.now()
    document: Document = {
        "storageClass": "STANDARD",
        "softDeletePolicy": {"retentionDurationSeconds": "604800"},
        **body,
        "location": body.get("location", "US").upper(),
        "kind": "storage#bucket",
        "id": name,
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
        "projectNumber": call.world.project.number,
        "generation": call.world.new_id(),
        "metageneration": "1",
        "timeCreated": stamp(now),
        "updated": stamp(now),
    }
    document["locationType"] = "region" if "-" in document["location"] else "multi-region"
    document |= _settled(document, stamp(now))
    call.world.create("buckets", name, document, call.who.email)
    call.world.policies.replace(_policy_key(name), _first_policy(call.project))
    return document


def _settled(document: Document, now: str) -> Document:
    """What Google adds to what was said."""
    access = document.get("iamConfiguration", {})
    uniform = access.get("uniformBucketLevelAccess", {"enabled": False})
    if uniform.get("enabled"):
        uniform = {"lockedTime": now, **uniform}
    soft = document["softDeletePolicy"]
    return {
        "iamConfiguration": {
            "publicAccessPrevention": access.get("publicAccessPrevention", "inherited"),
            "uniformBucketLevelAccess": uniform,
            "bucketPolicyOnly": uniform,
        },
        "softDeletePolicy": {**soft, "retentionDurationSeconds": str(soft.get("retentionDurationSeconds", 0))},
        "etag": etag([document.get("metageneration"), document.get("generation")]),
    }


def _policy_key(name: str) -> str:
    return f"buckets/{name}"


def _first_policy(project: str) -> Document:
    owners = [f"projectEditor:{project}", f"projectOwner:{project}"]
    return {
        "bindings": [
            {"role": "roles/storage.legacyBucketOwner", "members": owners},
            {"role": "roles/storage.legacyBucketReader", "members": [f"projectViewer:{project}"]},
        ]
    }


def _check_labels(labels: Document) -> None:
    for key, value in labels.items():
        if value is not None and not (_LABEL_KEY.fullmatch(key) and _LABEL.fullmatch(value)):
            text = "Label keys and values may hold lowercase letters, digits, underscores and dashes only."
            raise refusal(400, f"Invalid label '{key}: {value}'. {text}")


def bucket_at(call: Call, permission: str) -> Document:
    """The bucket of a path, where who asks may do that to it.

    Raises:
        Refusal: there is none, or it is somebody else's, or it is not permitted.
    """
    name = call.names["bucket"]
    found = call.world.store.get("buckets", name)
    if found is None and call.world.store.get("others", name) is None:
        raise refusal(404, "The specified bucket does not exist.")
    call.require(permission, name, _policy_key(name))
    if found is None:
        text = f"{call.who.email} does not have {permission} access to the Google Cloud Storage bucket."
        raise refusal(403, f"{text} Permission '{permission}' denied on resource (or it may not exist).")
    return found


def _get(call: Call) -> Document:
    return shown(bucket_at(call, "storage.buckets.get"))


def _list(call: Call) -> Document:
    call.world.project.admit("storage", call.query.get("project", "?"))
    call.require("storage.buckets.list", f"projects/{call.project}")
    documents, token = page(call, "buckets", call.query.get("prefix", ""), size=1000)
    items = {"items": [shown(each) for _, each in documents]} if documents else {}
    return {"kind": "storage#buckets", **items, **({"nextPageToken": token} if token else {})}


def _patch(call: Call) -> Document:
    there = bucket_at(call, "storage.buckets.update")
    given = call.body
    _check_labels(given.get("labels") or {})
    checked(given, _SHAPE, "bucket")
    wanted = call.query.get("ifMetagenerationMatch", there["metageneration"])
    if wanted != there["metageneration"]:
        raise refusal(412, "At least one of the pre-conditions you specified did not hold.")
    merged = _merged({key: value for key, value in there.items() if key != "name"}, given)
    now = call.world.clock.stamp()
    changed = {**merged, "name": there["name"], "metageneration": str(int(there["metageneration"]) + 1), "updated": now}
    changed |= _settled(changed, now)
    call.world.store.put("buckets", there["name"], changed)
    return shown(changed)


def _merged(there: Document, changes: Document) -> Document:
    """As JSON is merged: null takes away, objects go together."""
    found = dict(there)
    for key, value in changes.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict) and isinstance(found.get(key), dict) and key != "lifecycle":
            found[key] = _merged(found[key], value)
        else:
            found[key] = value
    return found


def _delete(call: Call) -> None:
    there = bucket_at(call, "storage.buckets.delete")
    if call.world.store.keys("objects", f"{there['name']}/", most=1):
        raise refusal(409, "The bucket you tried to delete is not empty.", "conflict")
    call.world.erase("buckets", there["name"])
    call.world.policies.remove(_policy_key(there["name"]))


def _policy(call: Call) -> Document:
    name = bucket_at(call, "storage.buckets.getIamPolicy")["name"]
    return {**call.world.policies.get(_policy_key(name)), **_of_bucket(name)}


def _set_policy(call: Call) -> Document:
    name = bucket_at(call, "storage.buckets.setIamPolicy")["name"]
    body = checked(call.body, POLICY, "policy")
    there = call.world.policies.get(_policy_key(name))["etag"]
    if body.get("etag", there) != there:
        raise refusal(412, "At least one of the pre-conditions you specified did not hold.")
    return {**call.world.policies.replace(_policy_key(name), body), **_of_bucket(name)}


def _of_bucket(name: str) -> Document:
    return {"kind": "storage#policy", "resourceId": f"projects/_/buckets/{name}"}


def _test(call: Call) -> Document:
    name = call.names["bucket"]
    wanted = call.query.get("permissions", "").split(",")
    held = [each for each in wanted if call.world.policies.allows(call.who, each, _policy_key(name))]
    return {"kind": "storage#testIamPermissionsResponse", **({"permissions": held} if held else {})}


def _account(call: Call) -> Document:
    email = f"service-{call.world.project.number}@gs-project-accounts.iam.gserviceaccount.com"
    return {"kind": "storage#serviceAccount", "email_address": email}


def _caches(_: Call) -> Answer:
    raise refusal(404, "Not Found")


_ONE = "b/{bucket}"
ROUTES = (
    Route("storage", "POST", "b", "storage.buckets.create", _create, itself=True),
    Route("storage", "GET", "b", "storage.buckets.list", _list, itself=True),
    Route("storage", "GET", _ONE, "storage.buckets.get", _get, itself=True),
    Route("storage", "PATCH", _ONE, "storage.buckets.update", _patch, itself=True),
    Route("storage", "DELETE", _ONE, "storage.buckets.delete", _delete, itself=True),
    Route("storage", "GET", f"{_ONE}/iam", "storage.buckets.getIamPolicy", _policy, itself=True),
    Route("storage", "PUT", f"{_ONE}/iam", "storage.buckets.setIamPolicy", _set_policy, itself=True),
    Route("storage", "GET", f"{_ONE}/iam/testPermissions", "", _test),
    Route("storage", "GET", "projects/{project}/serviceAccount", "resourcemanager.projects.get", _account),
    Route("storage", "GET", f"{_ONE}/anywhereCaches", "", _caches),
)
