"""A region that has nothing left, or allows no more: the next region of the offer is tried, and then the next GPU."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.errors import NowhereLeft, SpecError, TerraformFailed, UsageError
from cynthus.operations.down import down
from cynthus.operations.up import Request, run, up
from cynthus.testing.gcp.places import REGIONS
from tests.gcp.laptop import Laptop, laptop
from tests.gcp.sold_out import A, B, C, F, sell_out_region, wish, zones
from tests.gcp.someone import someone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptop]:
    monkeypatch.chdir(tmp_path)
    with laptop(tmp_path) as made:
        yield made


# other regions


@pytest.fixture
def roaming(person: Laptop) -> Laptop:
    """Somebody who has said nothing of places; the shell has a zone to begin with."""
    wish(person, "")
    return person


def test_after_the_last_zone_the_next_region_gives_one(roaming: Laptop) -> None:
    sell_out_region(roaming, "us-central1")
    roaming.up(roaming.app)
    assert zones(roaming) == ["us-east1-b"]
    assert any(f"{F} has none left: on to us-east1-b" in note for note in roaming.progress.notes)


def test_a_quota_of_a_region_leads_to_the_next_one_at_once(roaming: Laptop) -> None:
    roaming.cloud.project.set_limit("CPUS", 0, region="us-central1")
    roaming.up(roaming.app)
    assert zones(roaming) == ["us-east1-b"]
    assert len([note for note in roaming.progress.notes if "on to" in note]) == 1


def test_a_quota_that_somebody_else_has_used_up_does_so_too(roaming: Laptop) -> None:
    roaming.cloud.project.set_limit("E2_CPUS", 4, region="us-central1")
    roaming.cloud.project.set_limit("CPUS", 4, region="us-central1")
    other = roaming.folder("other", spec=(roaming.app / "cynthus.yaml").read_text())
    roaming.up(other)
    roaming.up(roaming.app)
    assert sorted(zones(roaming)) == [A, "us-east1-b"]


def test_a_quota_that_falls_between_the_plan_and_the_yes_does_so_too(roaming: Laptop) -> None:
    class Slow:
        def confirm(self, question: str, *, consequence: str, default: bool = True) -> bool:
            roaming.cloud.project.set_limit("CPUS", 0, region="us-central1")
            return True

        def password(self, question: str) -> str | None:
            return None

    up(replace(roaming.tools, person=Slow()), Request(str(roaming.app)))
    assert zones(roaming) == ["us-east1-b"]


def test_buckets_and_images_stay_and_the_network_has_a_part_there(roaming: Laptop) -> None:
    sell_out_region(roaming, "us-central1")
    roaming.up(roaming.app)
    found = roaming.cloud.resources()
    places = {roaming.api.get("storage", f"b/{name}")["location"] for name in found["buckets"]}
    assert places == {"US-CENTRAL1"}
    assert sorted(each.split("/")[-3] for each in found["subnetworks"]) == ["us-central1", "us-east1"]


def test_only_what_was_offered_is_tried(roaming: Laptop) -> None:
    for region in REGIONS:
        if region.startswith("us-"):
            sell_out_region(roaming, region)
    with pytest.raises(NowhereLeft) as caught:
        roaming.up(roaming.app)
    (offer,) = (note for note in roaming.progress.notes if note.startswith("  on "))
    tried = {detail.split()[0] for detail in caught.value.details if detail.endswith("has none left")}
    assert {zone for zone in tried if zone.rpartition("-")[0] not in offer} == set()
    assert zones(roaming) == []


def test_where_it_stands_in_another_region_the_next_commands_know_it(roaming: Laptop) -> None:
    sell_out_region(roaming, "us-central1")
    roaming.up(roaming.app)
    for zone in REGIONS["us-central1"]:
        roaming.cloud.project.restock(zone)
    roaming.up(roaming.app)
    assert zones(roaming) == ["us-east1-b"]
    down(roaming.tools, str(roaming.app), yes=True)
    run(roaming.tools, Request(str(roaming.app), yes=True))
    assert zones(roaming) == [A]
    down(roaming.tools, str(roaming.app), yes=True, forget=True, discard=True)
    assert roaming.standing() == {}


def test_what_a_crash_leaves_in_another_region_is_taken_over(roaming: Laptop) -> None:
    sell_out_region(roaming, "us-central1")
    roaming.up(roaming.app)
    down(roaming.tools, str(roaming.app), yes=True)
    state = roaming.app / "infra/gcp/base/terraform.tfstate"
    told = json.loads(state.read_text())
    told["resources"] = [each for each in told["resources"] if "other[" not in each["type"]]
    state.write_text(json.dumps(told))
    before = roaming.standing()
    run(roaming.tools, Request(str(roaming.app), yes=True))
    assert roaming.standing() == {**before, "instances": 1, "disks": 1}


# other GPUs


def test_after_all_places_of_a_gpu_the_next_one_of_the_list_is_taken(person: Laptop) -> None:
    wish(person, "resources: {region: us-central1, gpu: [L4, T4]}\n")
    for zone in (A, B, C):
        person.cloud.project.sell_out(zone, "g2-standard-4")
    person.up(person.app)
    (machine,) = person.cloud.instances()
    assert machine["machineType"].endswith(f"{A}/machineTypes/n1-standard-4")
    assert any(f"L4: {C} has none left: on to n1-standard-4 with T4 in {A}" in note for note in person.progress.notes)


def test_the_run_is_told_how_many_gpus_it_has_there(person: Laptop) -> None:
    wish(person, "resources: {region: us-central1, gpu: [L4, 'T4:2']}\n")
    person.cloud.project.set_limit("NVIDIA_L4_GPUS", 0)
    outcome = person.up(person.app)
    assert outcome.site.document()["gpus"] == 2
    assert person.up(person.app).run.id == outcome.run.id


def test_after_all_have_refused_the_next_up_begins_with_the_gpu_that_is_liked_best(person: Laptop) -> None:
    wish(person, "resources: {region: us-central1, gpu: [L4, T4]}\n")
    sell_out_region(person, "us-central1")
    with pytest.raises(NowhereLeft):
        person.up(person.app)
    for zone in REGIONS["us-central1"]:
        person.cloud.project.restock(zone)
    person.up(person.app)
    (machine,) = person.cloud.instances()
    assert machine["machineType"].endswith("/g2-standard-4")


def test_without_any_gpus_for_the_cloud_project_no_other_is_tried(person: Laptop) -> None:
    wish(person, "resources: {gpu: [L4, T4]}\n")
    person.cloud.project.set_limit("GPUS_ALL_REGIONS", 0)
    person.target.looks_ahead = False
    with pytest.raises(TerraformFailed, match="GPUS_ALL_REGIONS") as caught:
        person.up(person.app)
    assert "iam-admin/quotas" in caught.value.hint
    assert not any("on to" in note for note in person.progress.notes)


# what cannot be had anywhere


@pytest.mark.parametrize(
    ("resources", "message", "hint"),
    [
        ("gpu: H10", "there is no GPU", 'did you mean "H100"?'),
        ("gpu: A10", "Google Cloud has no machine with that", 'did you mean "A100"?'),
        ("gpu: 'L4:3'", "Google Cloud has no machine with that", "machines there have 1, 2, 4, 8 of L4"),
        ("gpu: A100, region: us-east5", "A100 is not to be had in us-east5", "it is in us-east1"),
    ],
)
def test_gpus_that_are_nowhere_or_elsewhere_are_told_before_anything_is_made(
    person: Laptop, resources: str, message: str, hint: str
) -> None:
    wish(person, f"resources: {{{resources}}}\n")
    with pytest.raises(UsageError) as caught:
        person.up(person.app)
    problems = caught.value.problems if isinstance(caught.value, SpecError) else (caught.value,)
    assert (message in problems[0].message, hint in problems[0].hint) == (True, True), problems[0]
    assert person.standing() == {}


def test_a_quota_of_a_region_that_is_named_is_told_with_the_page_to_ask_for_more(person: Laptop) -> None:
    wish(person, "resources: {region: us-central1}\n")
    person.cloud.project.set_limit("CPUS", 0, region="us-central1")
    person.target.looks_ahead = False
    with pytest.raises(NowhereLeft, match="may have 0 of CPUS in region us-central1") as caught:
        person.up(person.app)
    assert "iam-admin/quotas?project=rehearsal" in caught.value.hint
    assert "neither `zone:` nor `region:`" in caught.value.hint


# with the real provider


@pytest.mark.hosts
@pytest.mark.cloud
def test_terraform_makes_the_part_of_the_network_there_and_plans_nothing_after_it(
    bed: Bed, google: dict[str, str], tmp_path: Path
) -> None:
    (machine,) = bed.hosts(1)
    with someone(tmp_path, google, [machine], GOOGLE_ZONE=A) as person:
        app = person.folder(main="print('ran')", more="runtime: venv\n")
        spec = app / "cynthus.yaml"
        spec.write_text(spec.read_text().replace("resources: {zone: us-central1-a}\n", ""))
        person.cloud.project.set_limit("CPUS", 0, region="us-central1")
        answer = person.user.cynthus("up", app, "-y", timeout=240)
        assert (answer.code, answer.out) == (0, "ran\n"), answer
        assert "us-central1 allows no more (CPUS): on to us-east1-b; what lasts stays in us-central1" in answer.err
        assert [each["zone"].rpartition("/")[2] for each in person.cloud.instances()] == ["us-east1-b"]
        plan = person.user.cynthus("plan", app, "--detailed-exitcode")
        assert plan.code == 0, plan
        assert person.user.cynthus("destroy", app, "-y").code == 0
        assert person.standing() == {}
    bed.remove(machine)
