"""Whatever is asked is answered, with what Google says to it and never with a broken connection."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.testing.gcp.server import ROUTES
from tests.gcp.api import REGION, SPOT, ZONE, P, lasting, machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gcp.api import Api

NONSENSE: tuple[Any, ...] = (None, "", "x", -1, True, ["x"], [None], {"x": "y"}, 10**30)

NETWORK: dict[str, Any] = {"name": "n", "autoCreateSubnetworks": False, "routingConfig": {"routingMode": "REGIONAL"}}
SUBNETWORK: dict[str, Any] = {"name": "n", "network": f"{P}/global/networks/net", "ipCidrRange": "10.0.0.0/24"}
RULE: dict[str, Any] = {"allowed": [{"IPProtocol": "tcp", "ports": ["22"]}], "sourceRanges": ["10.0.0.0/8"]}
FIREWALL: dict[str, Any] = {"name": "n", "network": f"{P}/global/networks/net", **RULE}
NAT: dict[str, Any] = {"name": "n", "natIpAllocateOption": "AUTO_ONLY", "subnetworks": [{"name": "a/subnetworks/b"}]}
ROUTER: dict[str, Any] = {"name": "n", "network": f"{P}/global/networks/net", "nats": [NAT]}
BUCKET: dict[str, Any] = {
    "name": "a-bucket",
    "labels": {"a": "b"},
    "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
    "softDeletePolicy": {"retentionDurationSeconds": "0"},
}
POLICY: dict[str, Any] = {"policy": {"bindings": [{"role": "roles/owner", "members": ["user:a@b"]}], "etag": "x"}}
SECRET: dict[str, Any] = {"replication": {"automatic": {}}, "labels": {"a": "b"}}
MACHINE = machine(
    metadata={"items": [{"key": "a", "value": "b"}]},
    labels={"a": "b"},
    tags={"items": ["a"]},
    scheduling={**SPOT, **lasting(60)},
    guestAccelerators=[{"acceleratorType": "a/b", "acceleratorCount": 1}],
)

BODIES = [
    ("compute", f"{P}/global/networks", NETWORK),
    ("compute", f"{REGION}/subnetworks", SUBNETWORK),
    ("compute", f"{P}/global/firewalls", FIREWALL),
    ("compute", f"{REGION}/routers", ROUTER),
    ("compute", f"{ZONE}/instances", MACHINE),
    ("compute", f"{ZONE}/disks", {"name": "n", "sizeGb": "20", "sourceImage": "x", "labels": {"a": "b"}}),
    ("storage", "b?project=rehearsal", BUCKET),
    ("resourcemanager", f"{P}:setIamPolicy", POLICY),
    ("secretmanager", f"{P}/secrets?secretId=n", SECRET),
    ("artifactregistry", f"{P}/locations/us-central1/repositories?repositoryId=n", {"format": "DOCKER", "labels": {}}),
    ("iam", f"{P}/serviceAccounts", {"accountId": "abcdef", "serviceAccount": {"displayName": "x"}}),
]


def spoilt(value: Any) -> Iterator[Any]:
    """The same with one piece of it exchanged for nonsense, or left out: for each piece, and each nonsense."""
    yield from (copy.deepcopy(each) for each in NONSENSE)
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, piece in inside:
        for changed in spoilt(piece):
            whole = copy.copy(value)
            whole[place] = changed
            yield whole
        if isinstance(value, dict):
            yield {name: each for name, each in value.items() if name != place}


@pytest.mark.parametrize(("service", "path", "body"), BODIES, ids=[path for _, path, _ in BODIES])
def test_a_body_with_nonsense_in_it_is_answered(room: Api, service: str, path: str, body: dict[str, Any]) -> None:
    for each in spoilt(body):
        assert room.post(service, path, each).status in (200, 400, 404, 409), each


def test_every_call_is_answered_whatever_comes_with_it(api: Api) -> None:
    names = {"project": "rehearsal", "zone": "us-central1-a", "region": "us-central1", "location": "us-central1"}
    for route in ROUTES:
        path = route.path
        for name in ("project", "zone", "region", "location", "name", "account", "bucket", "version"):
            path = path.replace(f"{{{name}}}", names.get(name, "x1"))
        bodies: tuple[Any, ...] = (None,) if route.method == "GET" else (None, {}, [], "x", {"x": 1})
        for body in bodies:
            reply = api.ask(route.method, route.service, path, body, pageToken="30", maxResults="x")
            assert reply.status < 500, (route, body)
            assert reply.body is None or "error" not in reply.body or reply.message


def test_a_body_that_is_no_json_is_refused(room: Api) -> None:
    import requests

    url = f"{room.endpoint}/compute/v1/{P}/global/networks"
    given = requests.post(url, data=b"{", headers={"Authorization": "Bearer sim-owner"}, timeout=10)
    assert given.status_code == 400
