"""A place that has no such machine left, or allows no more: the next one of the offer is tried, and nobody asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import NowhereLeft, TerraformFailed
from cynthus.operations.down import down
from cynthus.operations.status import status
from cynthus.operations.up import Request, run
from cynthus.testing.gcp import OperationFault
from tests.gcp.laptop import Laptop, laptop
from tests.gcp.sold_out import A, B, C, F, sell_out_region, wish, zones
from tests.gcp.someone import someone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed

REGION = "resources: {region: us-central1}\n"
DETAILED = "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"
ROUTERS = "Quota 'ROUTERS' exceeded.  Limit: 0.0 in region us-central1."


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptop]:
    monkeypatch.chdir(tmp_path)
    with laptop(tmp_path) as made:
        wish(made, REGION)
        yield made


def test_the_first_zone_that_has_some_gives_one(person: Laptop) -> None:
    for zone in (A, B, C):
        person.cloud.project.sell_out(zone)
    person.up(person.app)
    assert zones(person) == [F]


def test_each_step_is_told_with_its_reason(person: Laptop) -> None:
    person.cloud.project.sell_out(A)
    person.up(person.app)
    assert f"{A} has none left: on to {B}" in person.progress.notes


def test_a_zone_that_google_names_comes_first(person: Laptop) -> None:
    for zone in (A, B):
        person.cloud.project.sell_out(zone)
    person.cloud.faults.plan(OperationFault(DETAILED), path="/instances$")
    person.up(person.app)
    assert zones(person) == [C]
    assert f"{A} has none left: on to {C}" in person.progress.notes


def test_the_zones_that_will_be_tried_are_in_the_offer(person: Laptop) -> None:
    person.up(person.app)
    assert any(f"in {A}, else {B} or {C} or {F}" in note for note in person.progress.notes)


def test_where_all_are_sold_out_each_place_is_told_with_its_reason_and_what_to_do(person: Laptop) -> None:
    sell_out_region(person, "us-central1")
    with pytest.raises(NowhereLeft, match=F) as caught:
        person.up(person.app)
    assert caught.value.details[:4] == tuple(f"{zone} has none left" for zone in (A, B, C, F))
    assert "run it again later" in caught.value.hint
    assert zones(person) == []


def test_a_zone_that_was_named_is_the_only_one(person: Laptop) -> None:
    wish(person, f"resources: {{zone: {A}}}\n")
    person.cloud.project.sell_out(A)
    with pytest.raises(TerraformFailed, match=A):
        person.up(person.app)


def test_a_quota_of_all_regions_together_stops_at_once(person: Laptop) -> None:
    person.cloud.project.set_limit("CPUS_ALL_REGIONS", 0)
    person.exports(CYNTHUS_PREFLIGHT="off")
    with pytest.raises(TerraformFailed, match="CPUS_ALL_REGIONS"):
        person.up(person.app)
    assert not any("on to" in note for note in person.progress.notes)


def test_who_asks_too_often_waits_and_asks_in_the_same_zone_again(person: Laptop) -> None:
    person.cloud.faults.plan(OperationFault("RESOURCE_OPERATION_RATE_EXCEEDED"), path="/instances$")
    person.up(person.app)
    assert zones(person) == [A]
    assert f"Google wants to be asked less often: {A} again in 10 s" in person.progress.notes
    assert 10 in person.clock.slept


def test_a_machine_that_is_taken_back_while_it_is_made_is_made_in_the_next_zone(person: Laptop) -> None:
    person.cloud.faults.plan(OperationFault("UNSUPPORTED_OPERATION"), path="/instances$")
    person.up(person.app)
    assert zones(person) == [B]
    assert f"{A} took it back while it was being made: on to {B}" in person.progress.notes


def test_what_lasts_and_cannot_be_made_is_not_made_elsewhere(person: Laptop) -> None:
    person.cloud.faults.plan(OperationFault("QUOTA_EXCEEDED", ROUTERS), path="/routers$", times=9)
    with pytest.raises(TerraformFailed, match="ROUTERS"):
        person.up(person.app)
    assert not any("on to" in note for note in person.progress.notes)


def test_the_next_up_and_down_know_where_it_stands(person: Laptop) -> None:
    person.cloud.project.sell_out(A)
    person.up(person.app)
    person.cloud.project.restock(A)
    person.up(person.app)
    assert zones(person) == [B]
    down(person.tools, str(person.app), yes=True)
    assert zones(person) == []


def test_what_lasts_is_not_planned_again_for_a_zone(person: Laptop) -> None:
    site = person.up(person.app).site
    down(person.tools, str(person.app), yes=True)
    person.cloud.project.sell_out(A)
    run(person.tools, Request(str(person.app), yes=True))
    assert (zones(person), site.paths.applied("base").exists()) == ([B], True)


def test_the_machine_ends_when_it_is_said_to(person: Laptop) -> None:
    person.cloud.project.sell_out(A)
    person.up(person.app)
    entry = status(person.tools, str(person.app)).site.entry
    assert entry is not None
    (machine,) = person.cloud.instances()
    assert machine["labels"]["cynthus-expires"] == entry.expires_at.lower().replace(":", "-")  # type: ignore[union-attr]


@pytest.mark.hosts
@pytest.mark.cloud
def test_three_zones_refuse_and_the_fourth_keeps_it(bed: Bed, google: dict[str, str], tmp_path: Path) -> None:
    (machine,) = bed.hosts(1)
    with someone(tmp_path, google, [machine]) as person:
        app = person.folder(main="print('ran')", more="runtime: venv\n")
        spec = (app / "cynthus.yaml").read_text()
        (app / "cynthus.yaml").write_text(spec.replace("zone: us-central1-a", "region: us-central1"))
        for zone in (A, B, C):
            person.cloud.project.sell_out(zone)
        answer = person.user.cynthus("up", app, "-y", timeout=240)
        assert (answer.code, answer.out) == (0, "ran\n"), answer
        assert [each["zone"].rpartition("/")[2] for each in person.cloud.instances()] == [F]
        plan = person.user.cynthus("plan", app, "--detailed-exitcode")
        assert plan.code == 0, plan
        # A machine that stands is not moved for another one.
        person.cloud.project.sell_out(F)
        person.cloud.project.restock(A)
        (app / "cynthus.yaml").write_text((app / "cynthus.yaml").read_text().replace("{region", "{nodes: 2, region"))
        answer = person.user.cynthus("run", app, "-y", timeout=240)
        assert (answer.code, f"{F} has no such machine left" in answer.err) == (1, True), answer
        assert [each["zone"].rpartition("/")[2] for each in person.cloud.instances()] == [F]
        assert person.user.cynthus("destroy", app, "-y").code == 0
        assert person.standing() == {}
    bed.remove(machine)
