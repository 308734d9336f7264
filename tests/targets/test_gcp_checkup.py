"""What `doctor` says of a cloud project, asked of the simulated cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gcp.conftest import cloud
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


def look(cloud: SimulatedCloud, folder: Path, *, zone: str = ZONE, token: str = "", **keys: object) -> list[Finding]:
    """All that is not fine, of a deployment on one L4."""
    environment = {**cloud.environment(), **({"GOOGLE_OAUTH_ACCESS_TOKEN": token} if token else {})}
    wanted = spec(resources={"gpu": "L4:1", "zone": zone, **keys})
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
    cloud.project.disable("secretmanager.googleapis.com")
    found = one(look(cloud, tmp_path))
    assert found.message == "not enabled: secretmanager.googleapis.com"
    assert found.fix.startswith(f"`gcloud services enable secretmanager.googleapis.com --project={cloud.project.id}`")


def test_what_is_not_permitted_is_told_with_its_role(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.token("some", "ann@example.org", *ROLES)
    cloud.deny("ann@example.org", "storage.buckets.create")
    errors = [each for each in look(cloud, tmp_path, token="some") if each.level == "error"]
    found = one(errors)
    assert found.message == "you lack storage.buckets.create"
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


def test_a_zone_that_does_not_exist_is_told(cloud: SimulatedCloud, tmp_path: Path) -> None:
    (found,) = [each for each in look(cloud, tmp_path, zone="us-central1-z") if each.level == "error"]
    assert "Google has no zone us-central1-z" in found.message


def test_a_token_that_nobody_knows_is_one_finding(cloud: SimulatedCloud, tmp_path: Path) -> None:
    found = one(look(cloud, tmp_path, token="stranger"))
    assert (found.check, found.level) == ("credentials", "error")
