"""Which places are tried one after the other, and that they are the ones of the offer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.targets.gcp.catalog import catalog
from cynthus.targets.gcp.failover import WAITS, instead
from cynthus.targets.gcp.itinerary import itinerary, most
from cynthus.targets.gcp.life import offered
from tests.targets.gcp_user import SAID, place, spec, target

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.placement import Instead, Placement
    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.itinerary import Stop

pytestmark = pytest.mark.usefixtures("alone")

A, B, C = (f"us-central1-{letter}" for letter in "abc")
SOLD_OUT = "ZONE_RESOURCE_POOL_EXHAUSTED"
NO_MORE = "Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 1.0 in region us-central1."
TOO_OFTEN = "Error 429: rateLimitExceeded"


def stops(folder: Path, app: AppSpec) -> tuple[Stop, ...]:
    return itinerary(app.resources, catalog(), place(folder, app, **SAID).where)


def regions(found: tuple[Stop, ...], gpu: str = "") -> list[str]:
    return list(dict.fromkeys(each.region for each in found if each.gpu == gpu))


def refused(app: AppSpec, first: Placement, *said: str) -> list[Instead | None]:
    """What comes after each of these refusals, one after the other."""
    tried, found = [first], list[Any]()
    for words in said:
        found.append(instead(app, catalog(), tried, words))
        if found[-1] and found[-1].placement:
            tried.append(found[-1].placement)
    return found


def zones(found: list[Instead | None]) -> list[str]:
    return [each.placement.where["zone"] for each in found if each and each.placement]


# which places there are


def test_a_zone_that_is_named_is_the_only_one(tmp_path: Path) -> None:
    assert [each.zone for each in stops(tmp_path, spec(resources={"gpu": "L4", "zone": B}))] == [B]


def test_of_a_region_only_zones_that_have_the_machine_are_tried(tmp_path: Path) -> None:
    found = stops(tmp_path, spec(resources={"gpu": "L4", "region": "us-central1"}))
    assert [each.zone for each in found] == [A, B, C]


def test_where_neither_is_named_other_regions_follow_by_price_and_name(tmp_path: Path) -> None:
    first, *others = regions(stops(tmp_path, spec(resources={"gpu": "L4"})))
    prices = {each.region: each.price or 0 for each in stops(tmp_path, spec(resources={"gpu": "L4"}))}
    assert first == "us-central1"
    assert others == sorted(others, key=lambda each: (prices[each], each))
    assert len(others) > 1


def test_no_region_of_another_part_of_the_world_is_tried(tmp_path: Path) -> None:
    assert {each.partition("-")[0] for each in regions(stops(tmp_path, spec(resources={"gpu": "L4"})))} == {"us"}


def test_nothing_is_tried_whose_price_nobody_knows(tmp_path: Path) -> None:
    assert None not in [each.price for each in stops(tmp_path, spec(resources={"gpu": "T4"}))]


@pytest.mark.parametrize(
    "keys",
    [
        {"gcp": {"network": "ours"}},
        {"bucket": "gs://ours/runs"},
        {"data": ["gs://ours/data"]},
        {"models": ["gs://ours/model"]},
        {"image": {"registry": "us-central1-docker.pkg.dev/lab/ours"}},
    ],
    ids=str,
)
def test_what_a_user_has_in_a_region_keeps_the_machines_there(tmp_path: Path, keys: dict[str, Any]) -> None:
    assert regions(stops(tmp_path, spec(resources={"gpu": "L4"}, **keys))) == ["us-central1"]


@pytest.mark.parametrize("registry", ["ghcr.io/ours/app", "us-docker.pkg.dev/lab/ours"])
def test_a_registry_that_is_in_no_region_does_not(tmp_path: Path, registry: str) -> None:
    assert len(regions(stops(tmp_path, spec(resources={"gpu": "L4"}, image={"registry": registry})))) > 1


def test_after_all_places_of_a_gpu_the_next_one_of_the_list_comes(tmp_path: Path) -> None:
    found = stops(tmp_path, spec(resources={"gpu": ["L4", "T4"], "region": "us-central1"}))
    assert [(each.gpu, each.zone[-1]) for each in found] == [
        ("L4", "a"), ("L4", "b"), ("L4", "c"), ("T4", "a"), ("T4", "b"), ("T4", "c"), ("T4", "f"),
    ]  # fmt: skip


def test_in_a_zone_that_is_named_too(tmp_path: Path) -> None:
    found = stops(tmp_path, spec(resources={"gpu": ["L4", "T4"], "zone": B}))
    assert [(each.gpu, each.zone) for each in found] == [("L4", B), ("T4", B)]


def test_a_gpu_that_takes_another_driver_is_not_tried_after_one_that_has_it(tmp_path: Path) -> None:
    found = stops(tmp_path, spec(resources={"gpu": ["L4", "V100", "T4"], "region": "us-central1"}))
    assert {each.gpu for each in found} == {"L4", "T4"}


# the offer


def test_the_offer_names_all_regions_and_gpus(tmp_path: Path) -> None:
    app = spec(resources={"gpu": ["L4", "T4"]})
    placement = place(tmp_path, app, **SAID)
    said = target(tmp_path).offer(app, placement).machine
    found = itinerary(app.resources, catalog(), placement.where)
    assert [region for region in regions(found, "L4") if region not in said] == []
    assert "n1-standard-4 with 1 T4 in us-central1" in said


def test_the_most_it_may_cost_is_that_of_the_dearest_place(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "L4", "nodes": 2}, limits={"max_duration": "1h"})
    placement = place(tmp_path, app, **SAID)
    dearest = most(offered(app, itinerary(app.resources, catalog(), placement.where), placement))
    offer = target(tmp_path).offer(app, placement)
    assert dearest is not None
    assert offer.per_hour is not None
    assert offer.maximum == pytest.approx(dearest * 1.5)
    assert dearest > offer.per_hour


# what comes after a refusal


def test_a_zone_that_is_sold_out_is_followed_by_the_next_one_of_the_region(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "L4"})
    assert zones(refused(app, place(tmp_path, app, **SAID), SOLD_OUT, SOLD_OUT)) == [B, C]


def test_after_its_last_zone_the_next_region_comes(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "L4"})
    found = refused(app, place(tmp_path, app, **SAID), SOLD_OUT, SOLD_OUT, SOLD_OUT)
    assert zones(found)[-1] == "us-east4-a"
    assert found[-1] is not None
    assert found[-1].why == "us-central1-c has none left: on to us-east4-a; what lasts stays in us-central1"


def test_a_quota_of_a_region_is_followed_by_the_next_region(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "L4"})
    (found,) = refused(app, place(tmp_path, app, **SAID), NO_MORE)
    assert found is not None
    assert found.placement is not None
    assert found.placement.where["zone"] == "us-east4-a"
    assert found.why.startswith("us-central1 allows no more (NVIDIA_L4_GPUS): on to us-east4-a")


def test_in_a_region_that_is_named_it_is_followed_by_the_next_gpu(tmp_path: Path) -> None:
    app = spec(resources={"gpu": ["L4", "T4:2"], "region": "us-central1"})
    (found,) = refused(app, place(tmp_path, app, **SAID), NO_MORE)
    assert found is not None
    assert found.placement is not None
    assert (found.placement.gpus, found.placement.where["gpu"]) == (2, "T4:2")
    assert found.why.endswith("(NVIDIA_L4_GPUS): on to n1-standard-8 with T4:2 in us-central1-a")


def test_where_all_have_refused_nowhere_is_left(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "L4", "region": "us-central1"})
    *_, last = refused(app, place(tmp_path, app, **SAID), SOLD_OUT, SOLD_OUT, SOLD_OUT)
    assert last is not None
    assert (last.placement, last.because) == (None, "us-central1-c has none left")


@pytest.mark.parametrize(
    "said", ["Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally.", "Billing must be enabled", "it broke"]
)
def test_what_is_no_matter_of_the_place_stops_at_once(tmp_path: Path, said: str) -> None:
    app = spec(resources={"gpu": ["L4", "T4"]})
    assert refused(app, place(tmp_path, app, **SAID), said) == [None]


def test_who_asks_too_often_waits_and_asks_again_and_then_goes_on(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "L4"})
    found = refused(app, place(tmp_path, app, **SAID), *[TOO_OFTEN] * (len(WAITS) + 1))
    assert zones(found) == [A] * len(WAITS) + [B]
    assert [each.wait for each in found if each] == [*WAITS, 0]


def test_what_is_tried_is_what_was_offered(tmp_path: Path) -> None:
    app = spec(resources={"gpu": ["A100", "L4"], "spot": True})
    first = place(tmp_path, app, **SAID)
    offered = [(each.gpu, each.zone) for each in itinerary(app.resources, catalog(), first.where)]
    found = refused(app, first, *[SOLD_OUT] * len(offered))
    tried = [(each.placement.where["gpu"], each.placement.where["zone"]) for each in found if each and each.placement]
    assert tried == offered[1:]


# what lasts


def stands(folder: Path, base: dict[str, Any], compute: dict[str, Any], *, machine: bool) -> Path:
    """A deployment of which the machine stands, or was refused."""
    image, instance = {"type": "terraform_data"}, {"type": "google_compute_instance"}
    for root, values, made in (("base", base, [image]), ("infra", compute, [image, instance] if machine else [image])):
        (folder / root).mkdir()
        (folder / root / "terraform.tfvars.json").write_text(json.dumps(values))
        (folder / root / "terraform.tfstate").write_text(json.dumps({"resources": made}))
    return folder


BASE = {"region": "us-central1", "other_regions": {"us-east4": "10.128.16.0/20"}}


def test_what_lasts_stays_where_it_is_while_the_machine_is_elsewhere(tmp_path: Path) -> None:
    stands(tmp_path, BASE, {"zone": "us-east4-c"}, machine=True)
    app = spec(resources={"gpu": "L4"})
    found = place(tmp_path, app, **SAID)
    assert (found.where["zone"], found.where["home"]) == ("us-east4-c", "us-central1")
    values = target(tmp_path).variables("weather-1a2b3c", app, found, "base")
    assert {name: values[name] for name in BASE} == BASE


def test_once_it_is_gone_the_next_one_begins_where_the_buckets_are(tmp_path: Path) -> None:
    stands(tmp_path, BASE, {"zone": "us-east4-c"}, machine=False)
    assert place(tmp_path, spec(resources={"gpu": "L4"}), **SAID).where["zone"] == A


def test_not_where_there_is_no_such_machine(tmp_path: Path) -> None:
    stands(tmp_path, {**BASE, "region": "us-east5"}, {"zone": "us-east4-c"}, machine=False)
    assert place(tmp_path, spec(resources={"gpu": "L4"}), **SAID).where["zone"] == "us-east4-c"


def test_a_region_that_the_deployment_knows_may_be_named_without_a_move_of_what_lasts(tmp_path: Path) -> None:
    stands(tmp_path, BASE, {"zone": A}, machine=False)
    app = spec(resources={"gpu": "L4", "region": "us-east4"})
    found = place(tmp_path, app, **SAID)
    assert target(tmp_path).variables("weather-1a2b3c", app, found, "base")["region"] == "us-central1"


def test_images_are_kept_where_everything_lies_that_lasts(tmp_path: Path) -> None:
    stands(tmp_path, BASE, {"zone": "us-east4-c"}, machine=True)
    app = spec(resources={"gpu": "L4"})
    found = target(tmp_path, **SAID).equipped(app, "weather-1a2b3c", place(tmp_path, app, **SAID))
    assert str(found.image.registry).startswith("us-central1-docker.pkg.dev/")


@pytest.mark.parametrize(("machine", "gpu"), [(True, "T4"), (False, "L4")])
def test_the_gpu_that_stands_is_kept_and_the_next_machine_begins_with_the_first_one(
    tmp_path: Path, machine: bool, gpu: str  # noqa: FBT001 - a parameter of the test
) -> None:
    t4 = {"machine_type": "n1-standard-4", "gpus": 1, "accelerator": {"type": "nvidia-tesla-t4", "count": 1}}
    stands(tmp_path, {"region": "us-central1"}, {"zone": A, **t4}, machine=machine)
    found = place(tmp_path, spec(resources={"gpu": ["L4", "T4"]}), **SAID)
    assert found.where["gpu"] == gpu
