"""Where in Google Cloud the target `gcp` makes machines: in which cloud project, and in which zone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.errors import NotLoggedIn, PlacementRefused
from tests.targets.gcp_user import SAID, place, refusal, rendered, spec

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("alone")

ORDER = [
    # in the spec, what was rendered, in the environment, which counts
    ("my-lab-1", "rendered-1", "said-by-env", "my-lab-1"),
    (None, "rendered-1", "said-by-env", "rendered-1"),
    (None, None, "said-by-env", "said-by-env"),
]


@pytest.mark.parametrize(("written", "before", "said", "counts"), ORDER)
def test_the_cloud_project_is_the_specs_else_as_it_was_else_the_environments(
    tmp_path: Path, written: str | None, before: str | None, said: str, counts: str
) -> None:
    if before:
        rendered(tmp_path, project=before)
    found = place(tmp_path, spec(gcp={"project": written}), GOOGLE_CLOUD_PROJECT=said, GOOGLE_ZONE="us-central1-a")
    assert found.where["project"] == counts


@pytest.mark.parametrize(
    ("written", "before", "counts"),
    [("us-east1-b", "us-west1-a", "us-east1-b"), (None, "us-west1-a", "us-west1-a"), (None, None, "us-central1-a")],
)
def test_so_is_the_zone(tmp_path: Path, written: str | None, before: str | None, counts: str) -> None:
    if before:
        rendered(tmp_path, zone=before)
    assert place(tmp_path, spec(resources={"zone": written})).where["zone"] == counts


@pytest.mark.parametrize(
    "name", ["GOOGLE_CLOUD_PROJECT", "GOOGLE_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"]
)
def test_a_cloud_project_may_be_said_as_googles_programs_have_it(tmp_path: Path, name: str) -> None:
    found = place(tmp_path, None, **{name: "my-lab-1", "CLOUDSDK_COMPUTE_ZONE": "us-east1-b"})
    assert (found.where["project"], found.where["zone"]) == ("my-lab-1", "us-east1-b")


def test_where_nobody_says_it_the_cloud_project_is_that_of_the_credentials(tmp_path: Path) -> None:
    login = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    kept = {**login, "quota_project_id": "my-lab-1"}
    (tmp_path / "application_default_credentials.json").write_text(json.dumps(kept))
    assert place(tmp_path, None, GOOGLE_ZONE="us-central1-a").where["project"] == "my-lab-1"


def test_without_a_cloud_project_it_says_how_to_name_one(tmp_path: Path) -> None:
    found = refusal(tmp_path, None, GOOGLE_ZONE="us-central1-a")
    assert isinstance(found, NotLoggedIn)
    assert "gcp: {project: ...}" in found.hint
    assert "GOOGLE_CLOUD_PROJECT" in found.hint


def test_without_a_zone_it_says_how_to_name_one(tmp_path: Path) -> None:
    found = refusal(tmp_path, None, GOOGLE_CLOUD_PROJECT="my-lab-1")
    assert isinstance(found, PlacementRefused)
    assert "zone: us-central1-a" in found.hint


def test_without_a_zone_it_says_where_the_machine_costs_least(tmp_path: Path) -> None:
    found = refusal(tmp_path, spec(resources={"gpu": "L4"}), GOOGLE_CLOUD_PROJECT="my-lab-1")
    assert "the cheapest that fits is g2-standard-4 in us-" in found.hint


IN_REGIONS = [
    # what is asked for beside the region, what was rendered, in the environment, where it is made
    ({"region": "us-east4", "gpu": "L4"}, None, "us-central1-a", "us-east4-a"),
    ({"region": "us-east4", "gpu": "L4"}, None, "us-east4-c", "us-east4-c"),
    ({"region": "us-east4", "gpu": "L4"}, "us-east4-c", "us-east4-a", "us-east4-c"),
    ({"region": "us-east4", "gpu": "L4"}, None, "us-east4-b", "us-east4-a"),
    ({"region": "us-east4", "gpu": "L4"}, "us-central1-a", "us-central1-a", "us-east4-a"),
    ({"region": "us-east1"}, None, "us-central1-a", "us-east1-b"),
    ({"region": "us-east1", "zone": "us-east1-d"}, None, "us-central1-a", "us-east1-d"),
]


@pytest.mark.parametrize(("resources", "before", "said", "zone"), IN_REGIONS)
def test_in_a_region_it_is_the_zone_that_was_said_if_that_has_the_machine_else_the_first(
    tmp_path: Path, resources: dict[str, Any], before: str | None, said: str, zone: str
) -> None:
    if before:
        rendered(tmp_path, zone=before)
    found = place(tmp_path, spec(resources=resources), GOOGLE_CLOUD_PROJECT="my-lab-1", GOOGLE_ZONE=said)
    assert found.where["zone"] == zone


def test_a_region_that_google_does_not_have_is_answered_with_one_like_it(tmp_path: Path) -> None:
    found = refusal(tmp_path, spec(resources={"region": "us-centrla1"}))
    assert found.hint == 'did you mean "us-central1"?'


def test_a_region_whose_zones_nobody_knows_asks_for_one(tmp_path: Path) -> None:
    assert "zone: ..." in refusal(tmp_path, spec(resources={"region": "europe-north2"})).hint


def test_a_region_without_the_gpu_is_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, spec(resources={"region": "us-east5", "gpu": "A100"}))
    assert found.message == "A100 is not to be had in us-east5"


def test_what_was_rendered_and_cannot_be_read_is_as_good_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/terraform.tfvars.json").write_text("{")
    assert place(tmp_path).where["project"] == "of-the-environment"


def test_a_zone_that_had_no_such_gpu_is_told_with_those_near_it_that_had(tmp_path: Path) -> None:
    found = place(tmp_path, spec(resources={"gpu": "A100-80GB", "zone": "us-central1-b"}))
    assert any("us-central1-b had no A100-80GB" in each and "us-central1-a" in each for each in found.reasons)


def test_a_key_that_lasts_for_ever_is_told(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text('{"type": "service_account"}')
    found = place(tmp_path, None, **SAID, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "key.json"))
    assert any("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT" in each for each in found.reasons)
