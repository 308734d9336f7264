"""Artifact Registry: repositories, but not what is in them. For that there are real registries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cynthus.testing.gcp.newer import check_labels, listed, masked, operation_at, policy_routes, start
from cynthus.testing.gcp.places import REGIONS
from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import Call, Route, cut, page, shown
from cynthus.testing.gcp.shapes import ANY, FLAG, MAP, checked, fields

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_PATH = "projects/{project}/locations/{location}/repositories"
_ONE = f"{_PATH}/{{name}}"
_LOCATIONS = (*REGIONS, "us", "europe", "asia")
_TYPE = "google.devtools.artifactregistry.v1"
_SHAPE = fields(
    "name format description mode kmsKeyName createTime updateTime sizeBytes registryUri",
    labels=MAP,
    cleanupPolicies=ANY,
    cleanupPolicyDryRun=FLAG,
    dockerConfig={"immutableTags": FLAG},
    mavenConfig=ANY,
    remoteRepositoryConfig=ANY,
    virtualRepositoryConfig=ANY,
    vulnerabilityScanningConfig=fields("enablementConfig enablementState enablementStateReason lastEnableTime"),
    satisfiesPzi=FLAG,
    satisfiesPzs=FLAG,
    disallowUnspecifiedMode=FLAG,
)
_SCANNING = {
    "enablementState": "SCANNING_DISABLED",
    "enablementStateReason": "API containerscanning.googleapis.com is not enabled.",
}


def _create(call: Call) -> Document:
    body = checked(call.body, _SHAPE, "repository")
    name, location = call.query.get("repositoryId") or call.query.get("repository_id", ""), call.names["location"]
    _check_location(location)
    if not _NAME.fullmatch(name):
        raise refusal(400, f'The repository ID "{name}" is invalid: it must match [a-z]([-a-z0-9]{{0,61}}[a-z0-9])?.')
    check_labels(body.get("labels", {}))
    key = f"{call.key}/{name}"
    if call.world.store.get("repositories", key) is not None:
        raise refusal(409, "the repository already exists")
    if body.get("format") not in ("DOCKER", "PYTHON", "GENERIC", "NPM", "MAVEN", "APT", "YUM", "GO"):
        raise refusal(400, "The repository format must be set.")
    now = call.world.clock.stamp()
    document = {
        "mode": "STANDARD_REPOSITORY",
        **body,
        "name": key,
        "createTime": now,
        "updateTime": now,
        "vulnerabilityScanningConfig": {**_SCANNING, "lastEnableTime": now},
        "satisfiesPzi": True,
    }
    call.world.create("repositories", key, document, call.who.email)
    return _operation(call, {"@type": f"type.googleapis.com/{_TYPE}.Repository", **document})


def _check_location(location: str) -> None:
    if location not in _LOCATIONS:
        raise refusal(403, f"Location {location} is not found or access is unauthorized.")


def _find(call: Call) -> Document:
    found = call.world.store.get("repositories", call.key)
    if found is None:
        raise refusal(404, "Requested entity was not found.")
    return found


def _told(document: Document) -> Document:
    _, project, _, location, _, name = document["name"].split("/")
    return {**shown(document), "registryUri": f"{location}-docker.pkg.dev/{project}/{name}"}


def _list(call: Call) -> Document:
    _check_location(call.names["location"])
    documents, token = page(call, "repositories", f"{call.key}/", size=1000, asked="pageSize")
    return listed(call, "repositories", (_told(each) for _, each in documents), token)


def _locations(call: Call) -> Document:
    """Where repositories may be: they are listed by location alone."""
    names, token = cut(call, list(_LOCATIONS), asked="pageSize")
    locations = [{"name": f"projects/{call.project}/locations/{name}", "locationId": name} for name in names]
    return {"locations": locations, **({"nextPageToken": token} if token else {})}


def _patch(call: Call) -> Document:
    there = _find(call)
    body = checked(call.body, _SHAPE, "repository")
    changes = masked(
        call, body, "labels description cleanupPolicies cleanupPolicyDryRun dockerConfig vulnerabilityScanningConfig"
    )
    check_labels(changes.get("labels") or {})
    changed = {**there, **changes, "updateTime": call.world.clock.stamp()}
    call.world.store.put("repositories", call.key, {key: each for key, each in changed.items() if each is not None})
    return _told(call.world.store.get("repositories", call.key) or {})


def _delete(call: Call) -> Document:
    _find(call)
    call.world.erase("repositories", call.key)
    return _operation(call, {"@type": "type.googleapis.com/google.protobuf.Empty", "value": {}})


def _operation(call: Call, response: Document) -> Document:
    parent = "/".join(call.key.split("/")[:4])
    return start(call, parent, f"{_TYPE}.OperationMetadata", response)


_MAY = "artifactregistry.repositories"
ROUTES = (
    Route("artifactregistry", "GET", "projects/{project}/locations", "artifactregistry.locations.list", _locations),
    Route("artifactregistry", "POST", _PATH, f"{_MAY}.create", _create),
    Route("artifactregistry", "GET", _PATH, f"{_MAY}.list", _list),
    Route("artifactregistry", "GET", _ONE, f"{_MAY}.get", lambda call: _told(_find(call))),
    Route("artifactregistry", "PATCH", _ONE, f"{_MAY}.update", _patch),
    Route("artifactregistry", "DELETE", _ONE, f"{_MAY}.delete", _delete),
    *policy_routes("artifactregistry", _ONE, _MAY, lambda call: str(_find(call)["name"])),
    Route("artifactregistry", "GET", "projects/{project}/locations/{location}/operations/{name}", "", operation_at),
)
