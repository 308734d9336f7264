"""The kinds of things that Cynthus makes in a cloud project: how they are listed, and how one of ours is known."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.errors import CloudFailed
from cynthus.targets.gcp.marks import DEPLOYMENT, described, labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cynthus.targets.gcp.api import Api
    from cynthus.targets.gcp.marks import Document, Marked

_ALL: Mapping[str, str] = MappingProxyType({})
_OUT_OF_REACH = "UNREACHABLE"


class Found(Struct, frozen=True):
    """Something that a list has, with our mark or without."""

    name: str
    place: str
    address: str
    document: dict[str, Any]


class Kind(Struct, frozen=True):
    """One kind. `address` of what it lists is a path of the service."""

    noun: str
    service: str
    listed: Callable[[Api, str], Iterator[Found]]
    read: Callable[[Found], Marked | None]


def _with_label(before: str, after: str) -> Callable[[Found], Marked | None]:
    return lambda each: labelled(each.document, each.name, each.address, (before, after), each.place)


def _with_description(*endings: str) -> Callable[[Found], Marked | None]:
    return lambda each: described(each.document, each.name, each.address, endings, each.place)


def _everywhere(collection: str, query: Mapping[str, str] = _ALL) -> Callable[[Api, str], Iterator[Found]]:
    """What lies in zones or regions, in one list over all of them."""

    def listed(api: Api, project: str) -> Iterator[Found]:
        for page in api.pages("compute", f"projects/{project}/aggregated/{collection}", query):
            for scope, told in page.get("items", {}).items():
                _insist_on_all(scope, told)
                for document in told.get(collection, ()):
                    name = document["name"]
                    address = f"projects/{project}/{scope}/{collection}/{name}"
                    yield Found(name, scope.rpartition("/")[2], address, document)

    return listed


def _insist_on_all(scope: str, told: Document) -> None:
    """Raises: CloudFailed, where Google could not look there: what lies there is not nothing."""
    if told.get("warning", {}).get("code") == _OUT_OF_REACH:
        raise CloudFailed(f"Google Cloud cannot look into {scope} now", hint="run it again later")


def _in_compute(collection: str) -> Callable[[Api, str], Iterator[Found]]:
    def listed(api: Api, project: str) -> Iterator[Found]:
        path = f"projects/{project}/global/{collection}"
        for page in api.pages("compute", path):
            for document in page.get("items", ()):
                yield Found(document["name"], "global", f"{path}/{document['name']}", document)

    return listed


def _repositories(api: Api, project: str) -> Iterator[Found]:
    """Google lists them by location alone."""
    for places in api.pages("artifactregistry", f"projects/{project}/locations"):
        for place in places.get("locations", ()):
            path = f"projects/{project}/locations/{place['locationId']}/repositories"
            for page in api.pages("artifactregistry", path, {"pageSize": "500"}):
                for document in page.get("repositories", ()):
                    name = document["name"].rpartition("/")[2]
                    yield Found(name, place["locationId"], f"{path}/{name}", document)


def _secrets(api: Api, project: str) -> Iterator[Found]:
    path = f"projects/{project}/secrets"
    for page in api.pages("secretmanager", path, {"pageSize": "250"}):
        for document in page.get("secrets", ()):
            # Google says the project's number there.
            name = document["name"].rpartition("/")[2]
            yield Found(name, "global", f"{path}/{name}", document)


def _accounts(api: Api, project: str) -> Iterator[Found]:
    path = f"projects/{project}/serviceAccounts"
    for page in api.pages("iam", path, {"pageSize": "100"}):
        for document in page.get("accounts", ()):
            email = document["email"]
            yield Found(email.partition("@")[0], "global", f"{path}/{email}", document)


def _buckets(api: Api, project: str) -> Iterator[Found]:
    for page in api.pages("storage", "b", {"project": project, "prefix": "cynthus-", "maxResults": "500"}):
        for document in page.get("items", ()):
            yield Found(document["name"], str(document["location"]).lower(), f"b/{document['name']}", document)


INSTANCE = Kind(
    "instance", "compute", _everywhere("instances", {"filter": f"labels.{DEPLOYMENT}:*"}), _with_label("", r"-host-\d+")
)
BUCKET = Kind("bucket", "storage", _buckets, _with_label("cynthus-", "-(?:in|out)"))
KINDS = (
    INSTANCE,
    Kind("router", "compute", _everywhere("routers"), _with_description("")),
    Kind("firewall", "compute", _in_compute("firewalls"), _with_description("-ssh", "-hosts")),
    Kind("subnetwork", "compute", _everywhere("subnetworks"), _with_description("")),
    Kind("network", "compute", _in_compute("networks"), _with_description("")),
    Kind("repository", "artifactregistry", _repositories, _with_label("", "")),
    Kind("secret", "secretmanager", _secrets, _with_label("", "-.+")),
    Kind("service account", "iam", _accounts, _with_description("-vm")),
    BUCKET,
)
"""All, in the order in which they can be removed: each uses what comes after it. The buckets tell whose a deployment
was, so they go last."""
