"""What the real provider asked of another simulation, and what it needs back: the same is answered here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cynthus.testing.gcp import OWNER_TOKEN, SimulatedCloud
from tests.needs import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDING = Path(__file__).parents[2].parent / "shared/data/google-provider-exchange.jsonl"

SERVICES = {
    "artifactregistry.googleapis.com": "/artifactregistry",
    "cloudresourcemanager.googleapis.com": "/resourcemanager",
    "compute.googleapis.com": "",
    "iam.googleapis.com": "/iam",
    "secretmanager.googleapis.com": "/secretmanager",
    "storage.googleapis.com": "",
}

NEEDED = {
    "compute#network": "name networkFirewallPolicyEnforcementOrder",
    "compute#subnetwork": "name network ipCidrRange privateIpGoogleAccess",
    "compute#firewall": "name direction priority sourceRanges targetTags allowed",
    "compute#router": "name network",
    "nats": "name type natIpAllocateOption sourceSubnetworkIpRangesToNat",
    "compute#instance": (
        "name zone machineType labels tags.items metadata.items guestAccelerators scheduling.preemptible "
        "scheduling.provisioningModel scheduling.maxRunDuration.seconds scheduling.onHostMaintenance "
        "scheduling.instanceTerminationAction serviceAccounts status"
    ),
    "networkInterfaces": "network subnetwork name",
    "disks": "boot autoDelete mode",
    "compute#disk": "type sizeGb sourceImage",
    "serviceAccount": "email projectId displayName",
    "storage#bucket": "id location storageClass labels iamConfiguration.uniformBucketLevelAccess.enabled",
    "storage#object": "md5Hash name bucket size contentType",
    "repository": "name format mode labels",
    "secret": "name replication.automatic labels",
    "policy": "bindings",
    "compute#operation": "kind operationType targetLink",
}
"""By kind of answer, the fields that the provider needs."""

LISTS = ("nats", "networkInterfaces", "disks")
MADE_UP = ("etag", "fingerprint", "labelFingerprint")
"""What each side makes up, and a client sends back."""


def recording() -> list[dict[str, Any]]:
    if not RECORDING.exists():
        lacking("there is no recording in ../shared/data beside the checkout")
    return [json.loads(line) for line in RECORDING.read_text().splitlines()]


class Player:
    """Asks what was asked, with the marks that this cloud made up in the place of the other's."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {OWNER_TOKEN}"
        self._marks: dict[str, str] = {}
        self._operation = ""

    def ask(self, call: dict[str, Any]) -> tuple[int, Any]:
        path = call["path"]
        if "/operations/" in path:
            path = f"{path.rpartition('/')[0]}/{self._operation}"
        given = self._session.request(
            call["method"],
            f"{self._endpoint}{SERVICES[call['host']]}{path}?{call['query']}",
            data=self._body(call.get("request")),
            headers=_type(call.get("request")),
            timeout=20,
        )
        answer = given.json() if given.content else None
        self._learn(call.get("response"), answer)
        if isinstance(answer, dict) and "operation" in str(answer.get("name", "")).lower():
            self._operation = answer["name"].rpartition("/")[2]
        return given.status_code, answer

    def _body(self, request: Any) -> bytes | None:
        if request is None or isinstance(request, str):
            return None if request is None else request.encode()
        text = json.dumps(request)
        for theirs, ours in self._marks.items():
            text = text.replace(json.dumps(theirs), json.dumps(ours))
        return text.encode()

    def _learn(self, theirs: Any, ours: Any) -> None:
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for name, value in theirs.items():
                if name in MADE_UP and name in ours:
                    self._marks[value] = ours[name]
                self._learn(value, ours.get(name))

    def close(self) -> None:
        self._session.close()


def _type(request: Any) -> dict[str, str]:
    if isinstance(request, str):
        return {"Content-Type": f"multipart/related; boundary={request[2:].partition(chr(13))[0]}"}
    return {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[dict[str, Any], int, Any]]]:
    """Every call with the status and the answer that it gets here."""
    calls = recording()
    cloud = SimulatedCloud(tmp_path_factory.mktemp("recording") / "cloud", project="test-project")
    with cloud.serving() as endpoint:
        player = Player(endpoint)
        yield [(call, *player.ask(call)) for call in calls]
        player.close()
        assert cloud.resources() == {}, "what was made in the recording was deleted in it"


def test_every_call_has_the_status_that_it_had(played: list[tuple[dict[str, Any], int, Any]]) -> None:
    different = [(call["path"], status, answer) for call, status, answer in played if status != call["status"]]
    assert different == []


def test_every_field_that_the_provider_needs_is_answered_alike(
    played: list[tuple[dict[str, Any], int, Any]],
) -> None:
    compared, different = 0, []
    for call, _, answer in played:
        for path in needed(call):
            compared += 1
            theirs, ours = found(call["response"], path), found(answer, path)
            if plain(theirs) != plain(ours):
                different.append((call["method"], call["path"], path, theirs, ours))
    assert different == []
    assert compared > 400


def needed(call: dict[str, Any]) -> list[str]:
    """The paths of the fields of an answer that count."""
    told = call.get("response") or {}
    paths = [path for path in NEEDED.get(kind(call, told), "").split() if found(told, path) is not None]
    for each in LISTS:
        for number, _ in enumerate(told.get(each, [])):
            inner = [f"{each}.{number}.{name}" for name in NEEDED[each].split()]
            paths += [path for path in inner if found(told, path) is not None]
    return paths


def kind(call: dict[str, Any], told: dict[str, Any]) -> str:
    if "amPolicy" in call["path"] or call["path"].endswith("/iam"):
        return "policy"
    if "/operations/" in call["path"] and "compute" not in call["path"]:
        return ""
    of_path = {"/serviceAccounts": "serviceAccount", "/repositories/": "repository", "/secrets": "secret"}
    for part, name in of_path.items():
        if part in call["path"] and call["method"] != "DELETE":
            return name
    return str(told.get("kind", ""))


def found(answer: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(answer, list):
            answer = answer[int(name)] if int(name) < len(answer) else None
        else:
            answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def plain(value: Any) -> Any:
    """Without what the provider does not tell apart: how a link begins, and the order of a list."""
    if isinstance(value, str):
        return value.removeprefix("https://www.googleapis.com/compute/v1/")
    if isinstance(value, list):
        return sorted((plain(each) for each in value), key=json.dumps)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in sorted(value.items())}
    return value
