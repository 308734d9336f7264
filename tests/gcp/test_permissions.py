"""Who is let in, and to what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gcp.api import ACCOUNT, ZONE, P, machine

if TYPE_CHECKING:
    from cynthus.testing.gcp import SimulatedCloud
    from tests.gcp.api import Api

INSTANCES = f"{ZONE}/instances"
ADMIN = ("roles/compute.instanceAdmin.v1", "roles/iam.serviceAccountUser")


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("compute", f"{P}/zones"),
        ("storage", "b/any"),
        ("iam", f"{P}/serviceAccounts"),
        ("resourcemanager", P),
        ("secretmanager", f"{P}/secrets"),
        ("artifactregistry", f"{P}/locations/us-central1/repositories"),
        ("serviceusage", f"{P}/services"),
    ],
)
def test_who_is_not_known_is_let_in_nowhere(api: Api, service: str, path: str) -> None:
    reply = api.as_("nobody").get(service, path)
    assert (reply.status, reply["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_a_token_expires_by_the_clock_of_the_cloud(api: Api, cloud: SimulatedCloud) -> None:
    cloud.token("anna", "anna@example.com", "roles/owner", seconds=60)
    assert api.as_("anna").get("compute", P).status == 200
    cloud.advance(61)
    assert api.as_("anna").get("compute", P).status == 401


def test_a_token_that_is_forgotten_is_nobodys(api: Api, cloud: SimulatedCloud) -> None:
    cloud.token("anna", "anna@example.com", "roles/owner")
    cloud.forget("anna")
    assert api.as_("anna").get("compute", P).status == 401


def test_one_permission_that_lacks_is_named(room: Api, cloud: SimulatedCloud) -> None:
    cloud.deny("owner@example.com", "compute.instances.create")
    reply = room.post("compute", INSTANCES, machine())
    text = f"Required 'compute.instances.create' permission for '{INSTANCES}/demo-host-0'"
    assert (reply.status, reply.message) == (403, text)
    cloud.deny("owner@example.com")
    assert room.post("compute", INSTANCES, machine()).status == 200


@pytest.mark.parametrize(
    ("permission", "status"),
    [
        ("compute.instances.setLabels", 403),
        ("compute.disks.create", 403),
        ("compute.subnetworks.use", 403),
        ("compute.instances.setServiceAccount", 403),
        ("iam.serviceAccounts.actAs", 400),
    ],
)
def test_what_comes_with_a_machine_must_be_permitted_too(
    room: Api, cloud: SimulatedCloud, permission: str, status: int
) -> None:
    cloud.deny("owner@example.com", permission)
    assert room.post("compute", INSTANCES, machine(labels={"a": "b"})).status == status
    assert cloud.instances() == []


@pytest.mark.parametrize(
    ("service", "method", "path", "permission", "text"),
    [
        ("secretmanager", "GET", f"{P}/secrets", "secretmanager.secrets.list", "denied on resource"),
        ("storage", "GET", "b/any", "storage.buckets.get", "does not have storage.buckets.get access"),
        ("iam", "GET", f"{P}/serviceAccounts", "iam.serviceAccounts.list", "denied on resource"),
        ("serviceusage", "GET", f"{P}/services", "serviceusage.services.list", "denied on resource"),
    ],
)
def test_each_service_says_no_in_its_own_words(
    api: Api, cloud: SimulatedCloud, service: str, method: str, path: str, permission: str, text: str
) -> None:
    api.post("storage", "b", {"name": "any"}, project="rehearsal")
    cloud.deny("owner@example.com", permission)
    reply = api.ask(method, service, path)
    assert (reply.status, text in reply.message) == (403, True), reply.body


def test_roles_permit_what_they_are_for_and_no_more(room: Api, cloud: SimulatedCloud) -> None:
    cloud.token("deployer", "anna@example.com", *ADMIN)
    deployer = room.as_("deployer")
    deployer.done(deployer.post("compute", INSTANCES, machine()))
    assert deployer.post("compute", f"{P}/global/networks", {"name": "other"}).status == 403
    assert deployer.get("secretmanager", f"{P}/secrets").status == 403


def test_who_edits_makes_all_and_says_of_few_who_else_may(room: Api, cloud: SimulatedCloud) -> None:
    cloud.token("anna", "anna@example.com", "roles/editor")
    anna = room.as_("anna")
    anna.done(anna.post("compute", INSTANCES, machine()))
    assert anna.post("secretmanager", f"{P}/secrets", {"replication": {"automatic": {}}}, secretId="T").status == 200
    policy: dict[str, Any] = {"policy": {"bindings": []}}
    assert anna.post("secretmanager", f"{P}/secrets/T:setIamPolicy", policy).status == 403
    assert anna.post("compute", f"{INSTANCES}/demo-host-0/setIamPolicy", policy).status == 403
    assert anna.post("storage", "b", {"name": "annas"}, project="rehearsal").status == 200
    # Buckets are older than IAM.
    assert anna.ask("PUT", "storage", "b/annas/iam", anna.get("storage", "b/annas/iam").body).status == 200


def test_who_views_sees_all_and_no_secret(room: Api, cloud: SimulatedCloud) -> None:
    room.post("secretmanager", f"{P}/secrets", {"replication": {"automatic": {}}}, secretId="T")
    room.post("secretmanager", f"{P}/secrets/T:addVersion", {"payload": {"data": "eA=="}})
    cloud.token("anna", "anna@example.com", "roles/viewer")
    anna = room.as_("anna")
    assert anna.get("secretmanager", f"{P}/secrets/T").status == 200
    assert anna.get("secretmanager", f"{P}/secrets/T/versions/1:access").status == 403
    assert anna.post("compute", INSTANCES, machine()).status == 403


def test_a_role_in_the_projects_policy_counts(api: Api, cloud: SimulatedCloud) -> None:
    cloud.token("anna", "anna@example.com")
    assert api.as_("anna").get("compute", f"{P}/zones").status == 403
    policy = {"bindings": [{"role": "roles/compute.viewer", "members": ["user:anna@example.com"]}]}
    api.post("resourcemanager", f"{P}:setIamPolicy", {"policy": policy})
    assert api.as_("anna").get("compute", f"{P}/zones").status == 200


def test_a_machine_may_remove_itself_and_only_itself(room: Api) -> None:
    for name in ("mine", "other"):
        room.done(room.post("compute", INSTANCES, machine(name)))
    policy = {"bindings": [{"role": "roles/compute.instanceAdmin.v1", "members": [f"serviceAccount:{ACCOUNT}"]}]}
    assert room.post("compute", f"{INSTANCES}/mine/setIamPolicy", {"policy": policy}).status == 200
    itself = room.as_(f"sim-{ACCOUNT}")
    assert itself.delete("compute", f"{INSTANCES}/other").status == 403
    assert itself.delete("compute", f"{INSTANCES}/mine").status == 200
    assert room.get("compute", f"{INSTANCES}/mine").status == 404


def test_a_machine_may_remove_itself_by_its_number(room: Api) -> None:
    room.done(room.post("compute", INSTANCES, machine("mine")))
    policy = {"bindings": [{"role": "roles/compute.instanceAdmin.v1", "members": [f"serviceAccount:{ACCOUNT}"]}]}
    room.post("compute", f"{INSTANCES}/mine/setIamPolicy", {"policy": policy})
    number = room.get("compute", f"{INSTANCES}/mine")["id"]
    assert room.as_(f"sim-{ACCOUNT}").delete("compute", f"{INSTANCES}/{number}").status == 200
    assert room.get("compute", f"{INSTANCES}/mine").status == 404


def test_a_right_to_a_machine_goes_with_it(room: Api) -> None:
    policy = {"bindings": [{"role": "roles/compute.instanceAdmin.v1", "members": [f"serviceAccount:{ACCOUNT}"]}]}
    for _ in range(2):
        room.done(room.post("compute", INSTANCES, machine()))
        assert "bindings" not in room.get("compute", f"{INSTANCES}/demo-host-0/getIamPolicy").body
        room.post("compute", f"{INSTANCES}/demo-host-0/setIamPolicy", {"policy": policy})
        room.done(room.delete("compute", f"{INSTANCES}/demo-host-0"))


def test_an_account_that_is_not_there_has_no_token(api: Api) -> None:
    assert api.as_(f"sim-{ACCOUNT}").get("compute", P).status == 401


def test_what_was_used_is_remembered_by_who_used_it(room: Api, cloud: SimulatedCloud) -> None:
    cloud.token("deployer", "anna@example.com", *ADMIN)
    room.as_("deployer").get("compute", INSTANCES)
    assert cloud.permissions("anna@example.com") == {"compute.instances.list"}
    assert "compute.networks.create" in cloud.permissions()


# the project itself


@pytest.mark.parametrize(
    ("service", "path", "status", "text"),
    [
        ("compute", "zones", 404, "The resource 'projects/other' was not found"),
        ("secretmanager", "secrets", 403, "Permission denied on resource project other."),
        ("resourcemanager", "", 403, "The caller does not have permission"),
    ],
)
def test_a_project_that_is_not_there_is_nobodys(api: Api, service: str, path: str, status: int, text: str) -> None:
    reply = api.get(service, f"projects/other/{path}".rstrip("/"))
    assert (reply.status, reply.message) == (status, text)


def test_a_service_that_is_not_enabled_says_how_to(api: Api, cloud: SimulatedCloud) -> None:
    cloud.project.disable("compute.googleapis.com")
    reply = api.get("compute", f"{P}/zones")
    assert (reply.status, reply["error"]["errors"][0]["reason"]) == (403, "accessNotConfigured")
    assert "Compute Engine API has not been used in project 533005541 before or it is disabled." in reply.message


def test_nothing_is_sold_where_nobody_pays(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.billing = False
    reply = room.post("compute", INSTANCES, machine())
    assert (reply.status, "requires billing to be enabled" in reply.message) == (403, True)
    assert room.get("iam", f"{P}/serviceAccounts").status == 200
    cloud.project.billing = True
    assert room.post("compute", INSTANCES, machine()).status == 200
