"""Service accounts, the project, repositories, secrets, services: each by its own manners."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.gcp.api import ACCOUNT, P

if TYPE_CHECKING:
    from cynthus.testing.gcp import SimulatedCloud
    from tests.gcp.api import Api

ACCOUNTS = f"{P}/serviceAccounts"
SECRETS = f"{P}/secrets"
REPOSITORIES = f"{P}/locations/us-central1/repositories"
AUTOMATIC: dict[str, Any] = {"replication": {"automatic": {}}}


# service accounts


@pytest.mark.parametrize(
    ("name", "status"),
    [("abcdef", 200), ("a" * 30, 200), ("abcde", 400), ("a" * 31, 400), ("Abcdefg", 400), ("abcdef-", 400)],
)
def test_the_name_of_an_account_has_6_to_30_characters(api: Api, name: str, status: int) -> None:
    assert api.post("iam", ACCOUNTS, {"accountId": name}).status == status


def test_an_account_is_found_by_its_address_and_its_number(api: Api) -> None:
    made = api.post("iam", ACCOUNTS, {"accountId": "machine-vm", "serviceAccount": {"displayName": "M"}})
    for name in (ACCOUNT, made["uniqueId"]):
        assert api.get("iam", f"{P.replace('rehearsal', '-')}/serviceAccounts/{name}").body == made.body


def test_an_account_is_made_once(api: Api) -> None:
    api.post("iam", ACCOUNTS, {"accountId": "machine-vm"})
    reply = api.post("iam", ACCOUNTS, {"accountId": "machine-vm"})
    assert (reply.status, "already exists" in reply.message) == (409, True)


def test_who_comes_after_an_account_that_went_has_not_its_rights(api: Api) -> None:
    api.post("iam", ACCOUNTS, {"accountId": "machine-vm"})
    binding = {"role": "roles/logging.logWriter", "members": [f"serviceAccount:{ACCOUNT}"]}
    api.post("resourcemanager", f"{P}:setIamPolicy", {"policy": {"bindings": [binding]}})
    api.delete("iam", f"{ACCOUNTS}/{ACCOUNT}")
    api.post("iam", ACCOUNTS, {"accountId": "machine-vm"})
    (member,) = api.post("resourcemanager", f"{P}:getIamPolicy", {})["bindings"][0]["members"]
    assert member.startswith(f"deleted:serviceAccount:{ACCOUNT}?uid=")


def test_who_may_speaks_in_an_accounts_name(api: Api, cloud: SimulatedCloud) -> None:
    api.post("iam", ACCOUNTS, {"accountId": "machine-vm"})
    cloud.token("anna", "anna@example.com")
    path = f"projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"
    body = {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "300s"}
    assert api.as_("anna").post("iamcredentials", path, body).status == 403
    token = api.post("iamcredentials", path, body)["accessToken"]
    reply = api.as_(token).get("resourcemanager", P)
    assert (reply.status, "resourcemanager.projects.get" in reply.message) == (403, True)


# the project


def test_a_policy_is_written_by_who_read_the_last_one(api: Api) -> None:
    etag = api.post("resourcemanager", f"{P}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}})["etag"]
    binding = {"role": "roles/logging.logWriter", "members": ["user:anna@example.com"]}
    policy = {"policy": {"bindings": [binding], "etag": etag, "version": 3}, "updateMask": "bindings,etag"}
    assert api.post("resourcemanager", f"{P}:setIamPolicy", policy)["bindings"] == [binding]
    late = api.post("resourcemanager", f"{P}:setIamPolicy", policy)
    assert (late.status, "concurrent policy changes" in late.message) == (409, True)


@pytest.mark.parametrize(
    ("role", "member"),
    [
        ("roles/magic", "user:a@example.com"),
        ("roles/owner", "anna"),
        ("roles/owner", f"serviceAccount:{ACCOUNT}"),
    ],
)
def test_a_policy_for_nobody_is_refused(api: Api, role: str, member: str) -> None:
    policy = {"bindings": [{"role": role, "members": [member]}]}
    assert api.post("resourcemanager", f"{P}:setIamPolicy", {"policy": policy}).status == 400


def test_permissions_are_tested(api: Api, cloud: SimulatedCloud) -> None:
    cloud.token("anna", "anna@example.com", "roles/compute.viewer")
    wanted = ["resourcemanager.projects.get", "resourcemanager.projects.delete"]
    reply = api.as_("anna").post("resourcemanager", f"{P}:testIamPermissions", {"permissions": wanted})
    assert reply["permissions"] == wanted[:1]


def test_a_project_is_known_by_its_number_too(api: Api) -> None:
    found = api.get("resourcemanager", "projects/533005541")
    assert (found["projectId"], found["lifecycleState"]) == ("rehearsal", "ACTIVE")
    assert api.get("compute", "projects/533005541")["name"] == "rehearsal"


# repositories


def test_a_repository_comes_by_an_operation(api: Api) -> None:
    begun = api.post("artifactregistry", REPOSITORIES, {"format": "DOCKER"}, repositoryId="demo")
    done = api.get("artifactregistry", begun["name"])
    assert done["done"]
    assert done["response"]["name"] == f"{REPOSITORIES}/demo"
    found = api.get("artifactregistry", f"{REPOSITORIES}/demo")
    assert (found["registryUri"], found["mode"]) == ("us-central1-docker.pkg.dev/rehearsal/demo", "STANDARD_REPOSITORY")


@pytest.mark.parametrize(("name", "status"), [("Demo", 400), ("d" * 63, 200), ("d" * 64, 400), ("", 400)])
def test_the_name_of_a_repository_is_one(api: Api, name: str, status: int) -> None:
    reply = api.post("artifactregistry", REPOSITORIES, {"format": "DOCKER"}, repositoryId=name)
    assert reply.status == status


def test_repositories_of_all_places_are_found_place_by_place(api: Api) -> None:
    api.post("artifactregistry", REPOSITORIES, {"format": "DOCKER", "labels": {"a": "b"}}, repositoryId="demo")
    places = [each["name"] for each in api.get("artifactregistry", f"{P}/locations")["locations"]]
    found = [api.get("artifactregistry", f"{place}/repositories", filter="labels.a:*").body for place in places]
    assert [each["name"] for page in found for each in page.get("repositories", [])] == [f"{REPOSITORIES}/demo"]


def test_a_place_that_is_not_there_is_not_found(api: Api) -> None:
    reply = api.get("artifactregistry", f"{P}/locations/moon/repositories")
    assert (reply.status, "Location moon is not found" in reply.message) == (403, True)


def test_only_what_is_in_the_mask_is_changed(api: Api) -> None:
    api.post("artifactregistry", REPOSITORIES, {"format": "DOCKER", "description": "d"}, repositoryId="demo")
    body = {"labels": {"a": "b"}, "description": "other"}
    api.ask("PATCH", "artifactregistry", f"{REPOSITORIES}/demo", body, updateMask="labels")
    found = api.get("artifactregistry", f"{REPOSITORIES}/demo")
    assert (found["labels"], found["description"]) == ({"a": "b"}, "d")
    assert api.ask("PATCH", "artifactregistry", f"{REPOSITORIES}/demo", body).status == 400
    assert api.ask("PATCH", "artifactregistry", f"{REPOSITORIES}/demo", body, updateMask="format").status == 400


# secrets


def add(api: Api, data: bytes) -> int:
    payload = {"payload": {"data": base64.b64encode(data).decode()}}
    return api.post("secretmanager", f"{SECRETS}/TOKEN:addVersion", payload).status


def test_the_newest_version_is_given(api: Api) -> None:
    assert api.post("secretmanager", SECRETS, AUTOMATIC, secretId="TOKEN").status == 200
    assert (add(api, b"one"), add(api, b"two")) == (200, 200)
    given = api.get("secretmanager", f"{SECRETS}/TOKEN/versions/latest:access")
    assert base64.b64decode(given["payload"]["data"]) == b"two"
    assert given["name"] == "projects/533005541/secrets/TOKEN/versions/2"
    listed = api.get("secretmanager", f"{SECRETS}/TOKEN/versions")["versions"]
    assert [each["name"].rpartition("/")[2] for each in listed] == ["2", "1"]


def test_a_version_that_was_destroyed_is_not_given(api: Api) -> None:
    api.post("secretmanager", SECRETS, AUTOMATIC, secretId="TOKEN")
    add(api, b"one")
    assert api.post("secretmanager", f"{SECRETS}/TOKEN/versions/1:destroy").status == 200
    reply = api.get("secretmanager", f"{SECRETS}/TOKEN/versions/1:access")
    assert (reply.status, "DESTROYED" in reply.message) == (400, True)
    assert api.post("secretmanager", f"{SECRETS}/TOKEN/versions/1:enable").status == 400


@pytest.mark.parametrize("data", [b"", b"x" * 65537])
def test_a_secret_has_1_to_65536_bytes(api: Api, data: bytes) -> None:
    api.post("secretmanager", SECRETS, AUTOMATIC, secretId="TOKEN")
    assert add(api, data) == 400


def test_a_secret_without_versions_gives_none(api: Api) -> None:
    api.post("secretmanager", SECRETS, AUTOMATIC, secretId="TOKEN")
    assert api.get("secretmanager", f"{SECRETS}/TOKEN/versions/latest:access").status == 404


def test_what_is_secret_is_not_told_with_the_secret(api: Api) -> None:
    api.post("secretmanager", SECRETS, AUTOMATIC, secretId="TOKEN")
    add(api, b"hidden")
    told = str(api.get("secretmanager", f"{SECRETS}/TOKEN").body)
    told += str(api.get("secretmanager", f"{SECRETS}/TOKEN/versions/1").body)
    assert base64.b64encode(b"hidden").decode() not in told


# services


def test_a_service_is_enabled(api: Api, cloud: SimulatedCloud) -> None:
    cloud.project.disable("secretmanager.googleapis.com")
    path = f"{P}/services/secretmanager.googleapis.com"
    reply = api.get("secretmanager", SECRETS)
    assert (reply.status, "has not been used in project 533005541 before" in reply.message) == (403, True)
    assert api.get("serviceusage", path)["state"] == "DISABLED"
    begun = api.post("serviceusage", f"{path}:enable")
    assert api.get("serviceusage", begun["name"])["done"]
    assert api.get("serviceusage", path)["state"] == "ENABLED"
    assert api.get("secretmanager", SECRETS).status == 200


def test_services_that_are_enabled_are_listed(api: Api) -> None:
    found = api.get("serviceusage", f"{P}/services", filter="state:ENABLED")["services"]
    assert "compute.googleapis.com" in {each["config"]["name"] for each in found}


def test_a_project_says_whether_somebody_pays(api: Api, cloud: SimulatedCloud) -> None:
    assert api.get("cloudbilling", f"{P}/billingInfo")["billingEnabled"]
    cloud.project.billing = False
    assert not api.get("cloudbilling", f"{P}/billingInfo")["billingEnabled"]
