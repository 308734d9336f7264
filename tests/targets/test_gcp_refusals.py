"""What Google means by its refusals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cynthus.targets.gcp.refusals import OTHER_NAMES, SERVICES, is_nobody, understood
from cynthus.targets.gcp.roles import ROLES, role_of
from cynthus.testing.gcp import refusals
from cynthus.testing.gcp.roles import ROLES as WHAT_ROLES_MAY

LISTED = Path(__file__).parents[2] / "docs/how-to/give-permissions-on-google-cloud.md"
"""Held against what a deployment really uses, by another test."""


def by_terraform(text: str) -> str:
    """As Google's provider passes it on, and Terraform breaks its lines."""
    broken = text.replace(" ", "\n", 3)
    return f"Error creating Network: googleapi: Error 403: {broken}\nDetails:\n[\n  {{}}\n]\n, forbidden"


@pytest.mark.parametrize(
    ("said", "message", "way"),
    [
        (str(refusals.without_billing("compute", "7")), "nobody pays for the cloud project lab-1", "link lab-1 "),
        (str(refusals.without_billing("storage", "7")), "nobody pays for the cloud project lab-1", "link lab-1 "),
        (str(refusals.disabled("iam", "7")), "Access Management (IAM) API is not enabled", "--project=lab-1"),
        (str(refusals.no_project("compute", "lab-1")), "there is no cloud project lab-1", "gcloud projects list"),
        (str(refusals.no_project("storage", "lab-1")), "there is no cloud project lab-1", "gcloud projects list"),
        (str(refusals.no_project("iam", "lab-1")), "there is no cloud project lab-1", "gcloud projects list"),
        ("Invalid value for field 'zone': 'mars-a'. Unknown zone.", "no zone mars-a", "zones list --project=lab-1"),
        ("The resource 'projects/lab-1/zones/mars-a' was not found", "no zone mars-a", "zones list --project=lab-1"),
    ],
)  # fmt: skip
def test_what_keeps_anything_from_being_made_is_final(said: str, message: str, way: str) -> None:
    for text in (said, by_terraform(said)):
        found = understood(text, "lab-1")
        assert found is not None
        assert (found.final, message in found.message, way in found.hint) == (True, True, True), found


@pytest.mark.parametrize("service", ["compute", "storage", "secretmanager", "artifactregistry"])
def test_a_permission_is_named_in_whichever_words_a_service_says_it(service: str) -> None:
    said = str(refusals.denied(service, f"{service}.things.make", "projects/lab-1/things/a", "ann@example.org"))
    found = understood(by_terraform(said), "lab-1")
    assert found is not None
    assert found.message == f"you lack the permission {service}.things.make in the cloud project lab-1"
    assert not found.final


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("The resource 'projects/lab-1/global/networks/a' already exists", "global/networks/a is there already"),
        ("Your previous request to create the named bucket succeeded and you already own it.", "a bucket of that name"),
        ("The requested bucket name is not available.", "somebody else has a bucket"),
    ],
)
def test_what_is_there_already_stays_and_other_names_are_a_way_out(said: str, message: str) -> None:
    found = understood(said, "lab-1")
    assert found is not None
    assert (message in found.message, OTHER_NAMES in found.hint) == (True, True)


@pytest.mark.parametrize(
    ("said", "message", "way"),
    [
        (str(refusals.constrained("compute.requireOsLogin", "7")), "requires OS Login", "{login: oslogin}"),
        (str(refusals.constrained("compute.vmExternalIpAccess", "7")), "have a public address", "Google's proxy"),
        (
            str(refusals.denied("oslogin", "compute.oslogin.updateExternalUser", "projects/lab-1", "ann")),
            "an organisation that you do not belong to", "roles/compute.osLoginExternalUser",
        ),
        (
            "Insufficient IAM permissions. The instance belongs to an external organization.",
            "an organisation that you do not belong to", "roles/compute.osLoginExternalUser",
        ),
        (str(refusals.not_on_its_account("lab-1")), "which cloud project asks", "set-quota-project lab-1"),
        ("The oslogin.googleapis.com API requires a quota project", "which cloud project asks", "serviceUsageConsumer"),
        ("Login profile size exceeds 32 KiB. Delete profile values", "is full of keys", "ssh-keys remove --key=KEY"),
        (str(refusals.disabled("oslogin", "7")), "the Cloud OS Login API is not enabled", "oslogin.googleapis.com"),
    ],
)  # fmt: skip
def test_what_keeps_somebody_from_logging_in_is_told_with_what_to_do(said: str, message: str, way: str) -> None:
    found = understood(by_terraform(said), "lab-1")
    assert found is not None
    assert (message in found.message, way in found.hint) == (True, True), found


def test_an_address_more_than_the_quota_is_told_as_one() -> None:
    found = understood("Quota 'IN_USE_ADDRESSES' exceeded.  Limit: 8.0 in region us-central1.", "lab-1")
    assert found is not None
    assert "8 of IN_USE_ADDRESSES in region us-central1" in found.message


def test_who_may_not_run_a_machine_as_its_account_is_told_the_role() -> None:
    said = "The user does not have access to service account 'vm@lab'.  User: 'ann'.  Ask a project"
    found = understood(said, "lab-1")
    assert found is not None
    assert "roles/iam.serviceAccountUser" in found.hint


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Error 429: The service is currently unavailable., rateLimitExceeded", "wants to be asked less often"),
        ("Error 503: The service is currently unavailable., backendError", "has trouble of its own"),
    ],
)
def test_what_the_provider_gives_up_after_five_minutes_is_to_be_waited_for(said: str, message: str) -> None:
    found = understood(f"Error creating instance: googleapi: {said}", "lab-1")
    assert found is not None
    assert (found.final, message in found.message, "wait a few minutes" in found.hint) == (False, True, True)


@pytest.mark.parametrize(
    ("said", "message", "way"),
    [
        ("UNSUPPORTED_OPERATION", "took the machine back while it was being made", "run it again"),
        ("Zone 'us-central1-q' is not found or access is unauthorized.", "us-central1-q is closed", "zones list"),
        ("RESOURCE_NOT_READY", "is not gone yet", "in a minute or two"),
        ("RESOURCE_OPERATION_RATE_EXCEEDED", "asked less often", "wait a few minutes"),
        ("ZONE_RESOURCE_POOL_EXHAUSTED", "has no such machine left", "neither `zone:` nor `region:`"),
        ("Quota 'A2_CPUS' exceeded.  Limit: 0.0 in region us-west1.", "may have 0 of A2_CPUS in region us-west1",
         "other zones and regions are tried"),
        ("Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally.", "in all regions together", "iam-admin/quotas"),
    ],
)  # fmt: skip
def test_what_keeps_one_machine_from_being_made_is_told_with_a_way_on(said: str, message: str, way: str) -> None:
    found = understood(f"Error waiting for instance to create: {said}", "lab-1")
    assert found is not None
    assert (found.final, message in found.message, way in found.hint) == (False, True, True), found


def test_gpus_that_a_zone_lacks_are_told_with_how_to_find_some() -> None:
    said = "The resource 'projects/lab-1/zones/us-central1-q/acceleratorTypes/nvidia-l4' was not found"
    found = understood(said, "lab-1")
    assert found is not None
    assert found.message == "us-central1-q has no GPUs of the type nvidia-l4"
    assert "accelerator-types list --filter=name=nvidia-l4" in found.hint


@pytest.mark.parametrize("said", ["", "it broke", "The resource 'projects/lab-1/global/networks/a' was not found"])
def test_what_is_not_known_is_left_to_google(said: str) -> None:
    assert understood(said, "lab-1") is None


@pytest.mark.parametrize(
    "said", [str(refusals.unknown_token()), "google: could not find default credentials", 'oauth2: "invalid_grant"']
)
def test_nobody_is_told_from_somebody(said: str) -> None:
    assert is_nobody(by_terraform(said))
    assert not is_nobody(str(refusals.denied("compute", "compute.networks.get", "projects/lab-1", "ann")))


def test_where_nobody_knows_which_project_a_command_has_a_word_for_it() -> None:
    found = understood(str(refusals.without_billing("storage", "7")), "")
    assert found is not None
    assert "projects link PROJECT " in found.hint


# roles


@pytest.mark.parametrize("begin", ROLES)
def test_a_role_that_is_named_is_one_that_who_deploys_is_to_have(begin: str) -> None:
    roles = re.findall(r"`(roles/[\w.]+)`", LISTED.read_text().partition("## The machine")[0])
    assert role_of(begin) in roles


def permissions() -> list[str]:
    """Those that a deployment uses, of the services that have roles here."""
    listed = re.findall(r"`([a-z]+\.[\w.]+\.[\w]+)`", LISTED.read_text().partition("## The machine")[0])
    return sorted(each for each in listed if role_of(each))


@pytest.mark.parametrize("permission", permissions())
def test_the_role_that_is_named_has_the_permission(permission: str) -> None:
    def grants(pattern: str) -> bool:
        return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), permission) is not None

    assert any(map(grants, WHAT_ROLES_MAY[role_of(permission)]))


def test_for_others_none_is_named() -> None:
    assert role_of("serviceusage.services.list") == ""


def test_every_service_is_googles() -> None:
    assert all(re.fullmatch("[a-z]+", each) for each in SERVICES)
