"""What `doctor` says of a cloud project, asked of the simulated cloud."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import CloudFailed
from cynthus.targets.gcp.checkup import Checkup
from cynthus.targets.gcp.machine import PLAIN, WITH_DRIVER
from cynthus.targets.gcp.wanted import Wanted
from cynthus.testing.gcp import OWNER, OWNER_TOKEN
from tests.gcp.conftest import cloud
from tests.targets.gcp_cloud import api, machine
from tests.targets.gcp_user import alone, spec, target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.core.finding import Finding
    from cynthus.testing.gcp import SimulatedCloud

__all__ = ["alone", "cloud"]
pytestmark = pytest.mark.usefixtures("alone")

ZONE = "us-central1-a"
ROLES = (
    "roles/compute.instanceAdmin.v1", "roles/compute.networkAdmin", "roles/compute.securityAdmin",
    "roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountUser", "roles/storage.admin",
    "roles/artifactregistry.admin", "roles/iap.tunnelResourceAccessor",
)
"""Those of docs/how-to/give-permissions-on-google-cloud.md."""


def look(
    cloud: SimulatedCloud, folder: Path, *, zone: str = ZONE, token: str = "", secrets: Sequence[str] = (),
    **keys: object,
) -> list[Finding]:  # fmt: skip
    """All that is not fine, of a deployment on one L4."""
    environment = {**cloud.environment(), **({"GOOGLE_OAUTH_ACCESS_TOKEN": token} if token else {})}
    wanted = spec(resources={"gpu": "L4:1", "zone": zone, **keys}, secrets=[*secrets])
    return wrong(target(folder, **environment).check(wanted, folder / "infra"))


def wrong(found: Sequence[Finding]) -> list[Finding]:
    return [each for each in found if each.level != "ok"]


def one(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]


def test_nothing_is_wrong_where_nothing_is(cloud: SimulatedCloud, tmp_path: Path) -> None:
    assert look(cloud, tmp_path) == []


def test_everything_that_was_looked_at_is_told(cloud: SimulatedCloud, tmp_path: Path) -> None:
    found = target(tmp_path, **cloud.environment()).check(spec(resources={"gpu": "L4:1", "zone": ZONE}), tmp_path)
    told = {each.check for each in found}
    assert told == {"gcp", "cloud project", "billing", "services", "permissions", "quotas", "image", "zone"}


def test_a_project_that_is_not_there_is_told_once(cloud: SimulatedCloud, tmp_path: Path) -> None:
    environment = {**cloud.environment(), "GOOGLE_PROJECT": "no-such-lab", "GOOGLE_CLOUD_PROJECT": "no-such-lab"}
    found = one(wrong(target(tmp_path, **environment).check(spec(resources={"zone": ZONE}), tmp_path / "infra")))
    assert (found.level, "no-such-lab" in found.message) == ("error", True)
    assert "gcloud projects list" in found.fix


def test_a_project_for_which_nobody_pays_is_told_with_what_links_an_account(
    cloud: SimulatedCloud, tmp_path: Path
) -> None:
    cloud.project.billing = False
    found = look(cloud, tmp_path)
    assert [each.level for each in found] == ["error"], found
    assert f"gcloud billing projects link {cloud.project.id}" in found[0].fix


def test_a_service_that_is_off_is_told_with_what_enables_it(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.project.disable("iap.googleapis.com")
    found = one(look(cloud, tmp_path))
    assert found.message == f"not enabled in the cloud project {cloud.project.id}: iap.googleapis.com"
    assert found.fix.startswith(f"`gcloud services enable iap.googleapis.com --project={cloud.project.id}`")


def test_a_service_that_the_app_does_without_may_be_off(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.project.disable("secretmanager.googleapis.com")
    assert look(cloud, tmp_path) == []
    assert one(look(cloud, tmp_path, secrets=["WORD"])).enables == ("secretmanager.googleapis.com",)


def test_several_services_that_are_off_are_one_finding(cloud: SimulatedCloud, tmp_path: Path) -> None:
    hosts = ("compute.googleapis.com", "storage.googleapis.com")
    for host in hosts:
        cloud.project.disable(host)
    assert one(look(cloud, tmp_path)).enables == hosts


def test_a_service_that_is_off_is_an_error_also_where_nobody_may_list_them(
    cloud: SimulatedCloud, tmp_path: Path
) -> None:
    cloud.deny(OWNER, "serviceusage.services.list")
    cloud.project.disable("compute.googleapis.com")
    found = one([each for each in look(cloud, tmp_path) if each.level == "error"])
    assert "Compute Engine API is not enabled" in found.message


@pytest.mark.parametrize("service", ["cloudresourcemanager", "cloudbilling", "serviceusage", "cloudquotas"])
def test_a_service_that_only_tells_of_the_others_may_be_off(
    cloud: SimulatedCloud, tmp_path: Path, service: str
) -> None:
    cloud.project.disable(f"{service}.googleapis.com")
    found = look(cloud, tmp_path, gpu="H100:8", zone="us-central1-a")
    assert found
    assert {each.level for each in found} == {"warning"}
    assert all("nobody can tell" in each.message for each in found)


def test_what_is_not_permitted_is_told_with_its_role(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.token("some", "ann@example.org", *ROLES)
    cloud.deny("ann@example.org", "storage.buckets.create")
    errors = [each for each in look(cloud, tmp_path, token="some") if each.level == "error"]
    found = one(errors)
    assert found.message == f"you lack storage.buckets.create in the cloud project {cloud.project.id}"
    assert "--role=roles/storage.admin" in found.fix


def test_who_has_the_documented_roles_lacks_nothing(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.token("some", "ann@example.org", *ROLES)
    assert [each for each in look(cloud, tmp_path, token="some") if each.level == "error"] == []


def test_what_may_not_be_looked_at_keeps_nobody_from_the_rest(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.token("some", "ann@example.org", *ROLES)
    cloud.deny("ann@example.org", "serviceusage.services.list")
    cloud.project.set_limit("GPUS_ALL_REGIONS", 0)
    found = look(cloud, tmp_path, token="some")
    assert [(each.check, each.level) for each in found] == [("services", "warning"), ("quotas", "error")]


def test_a_new_project_may_have_no_gpu_at_all(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.project.set_limit("GPUS_ALL_REGIONS", 0)
    found = one(look(cloud, tmp_path))
    assert found.message == "GPUS_ALL_REGIONS: 0 in all regions together, 0 of them in use; this takes 1"
    assert "iam-admin/quotas" in found.fix


def test_a_region_may_have_fewer_than_are_asked_for(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.project.set_limit("NVIDIA_L4_GPUS", 1, "us-central1")
    found = one(look(cloud, tmp_path, gpu="L4:2"))
    assert "NVIDIA_L4_GPUS: 1 in us-central1" in found.message


def test_spot_machines_are_counted_by_their_own_quota(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.project.set_limit("PREEMPTIBLE_NVIDIA_L4_GPUS", 0, "us-central1")
    found = one(look(cloud, tmp_path, spot=True))
    assert found.message.startswith("PREEMPTIBLE_NVIDIA_L4_GPUS: 0")


def test_a_zone_without_such_machines_is_told_with_those_that_have_some(cloud: SimulatedCloud, tmp_path: Path) -> None:
    (found,) = [each for each in look(cloud, tmp_path, zone="us-central1-f") if each.level == "error"]
    assert found.message == "us-central1-f has no g2-standard-4 with nvidia-l4"
    assert "us-central1-a" in found.fix


def test_an_image_that_google_has_taken_away_is_an_error(cloud: SimulatedCloud) -> None:
    gone = "projects/ubuntu-os-cloud/global/images/family/ubuntu-0404"
    found = one(wrong(Checkup(api(cloud), Wanted("rehearsal", (ZONE,), "e2-standard-4", gone)).questions["image"]()))
    assert (found.level, gone in found.message, "override file" in found.fix) == ("error", True, True)


def test_a_zone_that_does_not_exist_is_told(cloud: SimulatedCloud, tmp_path: Path) -> None:
    (found,) = [each for each in look(cloud, tmp_path, zone="us-central1-z") if each.level == "error"]
    assert "Google has no zone us-central1-z" in found.message


def test_a_token_that_nobody_knows_is_one_finding(cloud: SimulatedCloud, tmp_path: Path) -> None:
    found = one(look(cloud, tmp_path, token="stranger"))
    assert (found.check, found.level) == ("credentials", "error")


# what may have been given for one thing alone


def test_who_may_not_go_through_the_proxy_is_warned_with_its_role(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.token("some", "ann@example.org", *ROLES)
    cloud.deny("ann@example.org", "iap.tunnelInstances.accessViaIAP")
    found = next(each for each in look(cloud, tmp_path, token="some") if each.check == "permissions")
    assert (found.level, "you lack iap.tunnelInstances.accessViaIAP, unless" in found.message) == ("warning", True)
    assert "--role=roles/iap.tunnelResourceAccessor" in found.fix


def test_who_logs_in_by_os_login_needs_its_role(cloud: SimulatedCloud) -> None:
    cloud.deny(OWNER, "compute.instances.osAdminLogin")
    wanted = Wanted("rehearsal", (ZONE,), "e2-standard-4", PLAIN, os_login=True)
    found = one(wrong(Checkup(api(cloud), wanted).questions["permissions"]()))
    assert (found.level, "--role=roles/compute.osAdminLogin" in found.fix) == ("warning", True)


def asked(cloud: SimulatedCloud, folder: Path, *roots: str, token: str, **keys: object) -> list[Finding]:
    """What is not fine where these roots are to be made, but for what nobody can tell."""
    user = target(folder, **{**cloud.environment(), "GOOGLE_OAUTH_ACCESS_TOKEN": token})
    app = spec(resources={"zone": ZONE}, **keys)
    questions = user.preflight(app, user.place(app, folder / "infra"), roots).questions
    found: list[Finding] = []
    for each in questions.values():
        with suppress(CloudFailed):
            found += each()
    return wrong(found)


def test_a_colleague_who_makes_a_machine_need_not_be_one_who_makes_networks(
    cloud: SimulatedCloud, tmp_path: Path
) -> None:
    cloud.token("some", "ann@example.org", "roles/compute.instanceAdmin.v1", "roles/iap.tunnelResourceAccessor")
    assert {each.level for each in asked(cloud, tmp_path, "compute", token="some")} == {"warning"}
    assert "error" in {each.level for each in asked(cloud, tmp_path, "base", "compute", token="some")}


def test_who_only_prepares_need_not_be_one_who_makes_machines(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.deny(OWNER, "compute.instances.create", "iap.tunnelInstances.accessViaIAP", "iam.serviceAccounts.actAs")
    cloud.project.set_limit("CPUS_ALL_REGIONS", 0)
    assert asked(cloud, tmp_path, "base", token=OWNER_TOKEN) == []


# quotas of several kinds


def quota(cloud: SimulatedCloud, folder: Path, **keys: object) -> Finding:
    return one([each for each in look(cloud, folder, **keys) if each.check.startswith("quotas")])  # type: ignore[arg-type]  # keys of `resources:`


@pytest.mark.parametrize(("limit", "level"), [(0, "error"), (1, "warning")])
def test_what_others_use_may_be_free_in_a_moment_and_a_limit_is_one(
    cloud: SimulatedCloud, tmp_path: Path, limit: int, level: str
) -> None:
    machine(cloud, kind="g2-standard-4", scheduling={"onHostMaintenance": "TERMINATE"})
    cloud.project.set_limit("NVIDIA_L4_GPUS", limit, "us-central1")
    found = quota(cloud, tmp_path)
    assert (found.level, f"{limit} in us-central1, 1 of them in use; this takes 1" in found.message) == (level, True)


def test_newer_gpus_are_counted_by_their_family(cloud: SimulatedCloud, tmp_path: Path) -> None:
    family = "GPUS-PER-GPU-FAMILY-per-project-region"
    cloud.project.set_limit(f"{family}/NVIDIA_H100", 0, "us-central1")
    found = quota(cloud, tmp_path, gpu="H100:8")
    assert (found.level, f"{family} of NVIDIA_H100: 0 in us-central1" in found.message) == ("error", True)
    cloud.project.set_limit(f"{family}/NVIDIA_H100", 8, "us-central1")
    assert look(cloud, tmp_path, gpu="H100:8") == []


def test_processors_are_counted_by_the_region_too(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.project.set_limit("CPUS", 2, "us-central1")
    found = quota(cloud, tmp_path, gpu=None)
    assert (found.level, found.message) == ("error", "CPUS: 2 in us-central1, 0 of them in use; this takes 4")


# zones that are tried


def test_a_zone_without_such_machines_is_no_error_where_the_next_one_has_some(
    cloud: SimulatedCloud, tmp_path: Path
) -> None:
    wanted = Wanted("rehearsal", ("us-central1-f", ZONE), "g2-standard-4", WITH_DRIVER, 4, "nvidia-l4", 1)
    found = [finding for each in Checkup(api(cloud), wanted).questions.values() for finding in each()]
    zone = one([each for each in wrong(found) if each.check == "zone"])
    assert (zone.level, zone.fix) == ("warning", f"`cynthus up` goes on to {ZONE}, which has one")


def test_a_region_without_enough_is_no_error_where_the_next_one_has_some(cloud: SimulatedCloud) -> None:
    cloud.project.set_limit("NVIDIA_L4_GPUS", 0, "us-central1")
    wanted = Wanted("rehearsal", (ZONE, "us-east1-b"), "g2-standard-4", WITH_DRIVER, 4, "nvidia-l4", 1)
    found = one(wrong(Checkup(api(cloud), wanted).questions["quotas in the region"]()))
    assert found.level == "warning"
    cloud.project.set_limit("NVIDIA_L4_GPUS", 0, "us-east1")
    assert one(wrong(Checkup(api(cloud), wanted).questions["quotas in the region"]())).level == "error"
