"""Which machine of Google Cloud fits a spec."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cynthus.core.cpus import Cpus
from cynthus.core.gpu import Gpu
from cynthus.core.resources import Resources
from cynthus.core.size import Size
from cynthus.errors import PlacementRefused
from cynthus.targets.gcp.catalog import Catalog, Machine, Price, catalog
from cynthus.targets.gcp.choice import ANYWHERE, SAME, Choice, Place, choose, choose_in
from cynthus.targets.gcp.explained import considered
from tests.specs import spec

IOWA = Place("us-central1")


def choice(place: Place = IOWA, **resources: Any) -> Choice:
    return choose(spec(resources=resources).resources, catalog(), place)


def chosen(place: Place = IOWA, **resources: Any) -> str:
    return choice(place, **resources).machine.type


def refusal(place: Place = IOWA, **resources: Any) -> PlacementRefused:
    with pytest.raises(PlacementRefused) as caught:
        chosen(place, **resources)
    return caught.value


CHOICES: list[tuple[dict[str, Any], str]] = [
    ({}, "e2-standard-4"),
    ({"cpus": "2"}, "e2-standard-2"),
    ({"cpus": "2+"}, "e2-standard-2"),
    ({"cpus": "3+"}, "e2-standard-4"),
    ({"cpus": "33+"}, "n4-standard-48"),
    ({"memory": "8GB"}, "e2-standard-4"),
    ({"memory": "17GiB+"}, "e2-highmem-4"),
    ({"cpus": "2", "memory": "16GB"}, "e2-highmem-2"),
    ({"gpu": "L4:1"}, "g2-standard-4"),
    ({"gpu": "L4"}, "g2-standard-4"),
    ({"gpu": "l4"}, "g2-standard-4"),
    ({"gpu": "L4:1", "cpus": "9+"}, "g2-standard-12"),
    ({"gpu": "L4:1", "memory": "33GiB"}, "g2-standard-12"),
    ({"gpu": "L4:2"}, "g2-standard-24"),
    ({"gpu": "T4:1", "memory": "16GB"}, "n1-standard-4"),
    ({"gpu": "T4:4"}, "n1-standard-16"),
    ({"gpu": "A100"}, "a2-highgpu-1g"),
    ({"gpu": "A100-40GB:2"}, "a2-highgpu-2g"),
    ({"gpu": "A100-80GB:1"}, "a2-ultragpu-1g"),
    ({"gpu": "H100:8"}, "a3-highgpu-8g"),
    ({"gpu": "H100-80GB:1", "spot": True}, "a3-highgpu-1g"),
    ({"gpu": "H100:1", "flex_start": True}, "a3-highgpu-1g"),
    ({"gpu": "L4:1", "flex_start": True}, "g2-standard-4"),
    ({"gpu": ["T4:1", "L4:1"], "flex_start": True}, "g2-standard-4"),
    ({"gpu": "GB200:4", "reservation": "lab"}, "a4x-highgpu-4g"),
    ({"gpu": "B200:8", "reservation": "lab"}, "a4-highgpu-8g"),
    ({"gpu": ["H100:1", "H100:8"], "reservation": "lab"}, "a3-highgpu-8g"),
    ({"reservation": "lab"}, "e2-standard-4"),
]


@pytest.mark.parametrize(("resources", "machine"), CHOICES)
def test_the_cheapest_machine_is_taken_that_has_what_is_asked_for(resources: dict[str, Any], machine: str) -> None:
    assert chosen(**resources) == machine


def test_of_several_gpus_the_first_is_taken() -> None:
    assert chosen(gpu=["A100:1", "L4:1"]) == "a2-highgpu-1g"


def test_gpus_that_google_does_not_have_are_passed_over() -> None:
    assert chosen(gpu=["RTX-4090:1", "L4:1"]) == "g2-standard-4"


def test_gpus_that_cannot_be_bought_by_the_hour_are_passed_over() -> None:
    assert chosen(gpu=["H100:1", "A100:1"]) == "a2-highgpu-1g"


def test_gpus_whose_machines_are_too_small_are_passed_over() -> None:
    assert chosen(gpu=["L4:1", "A100:2"], memory="150GB") == "a2-highgpu-2g"


REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    # resources, part of the message, part of the hint
    ({"gpu": "MI300X:1"}, "`gpu: MI300X:1`", "Google has T4, P4"),
    ({"gpu": ["MI300X:1", "A30"]}, "`gpu: MI300X:1 or A30`", "Google has"),
    ({"gpu": "A10"}, "`gpu: A10`", 'did you mean "A100"?'),
    ({"gpu": "L4:3"}, "`gpu: L4:3`", "machines there have 1, 2, 4, 8 of L4"),
    ({"gpu": "H200:1"}, "`gpu: H200:1`", "machines there have 8 of H200"),
    ({"gpu": "H100:1"}, "a3-highgpu-1g cannot be bought by the hour", "want `spot: true` or `flex_start: true` below"),
    ({"gpu": "H100:4"}, "a3-highgpu-4g cannot be bought by the hour", "want `spot: true` or `flex_start: true` below"),
    ({"gpu": "B200:8"}, "a4-highgpu-8g cannot be bought by the hour", "`flex_start: true` or `reservation: NAME`"),
    ({"gpu": "H100:1", "reservation": "lab"}, "a3-highgpu-1g cannot be bought from a reservation", "`spot: true`"),
    ({"gpu": "T4:1", "flex_start": True}, "n1-standard-4 cannot be bought by flex-start", "`flex_start: true` out"),
    ({"flex_start": True}, "e2-standard-4 cannot be bought by flex-start", "leave `flex_start: true` out"),
    ({"gpu": "GB200:4", "flex_start": True}, "only to be had where it was reserved before", "`reservation: NAME`"),
    ({"gpu": "L4:1", "cpus": "64+"}, "`gpu: L4:1`, `cpus: 64+`", "g2-standard-32"),
    ({"cpus": "6"}, "`cpus: 6`", "e2-standard-8 (8 processors, 32 GiB)"),
    ({"cpus": "289+"}, "`cpus: 289+`", "c4-standard-288"),
    ({"memory": "3000GB"}, "`memory: 3000GB`", "c4-highmem-288 (288 processors, 2232 GiB)"),
    ({"gpu": "RTX-PRO-6000:16"}, "`gpu: RTX-PRO-6000:16`", "machines there have 1, 2, 4, 8 of RTX-PRO-6000"),
    ({"gpu": "GB200:4"}, "a4x-highgpu-4g is only to be had where it was reserved before", "ask for another"),
    ({"gpu": "GB200:4", "spot": True}, "a4x-highgpu-4g is only to be had where it was reserved before", "another"),
]


@pytest.mark.parametrize(("resources", "message", "hint"), REFUSALS)
def test_what_google_does_not_have_is_told_with_what_comes_near(
    resources: dict[str, Any], message: str, hint: str
) -> None:
    found = refusal(**resources)
    assert message in found.message
    assert hint in found.hint


def test_a_refusal_of_several_gpus_says_of_each_what_keeps_it_away() -> None:
    found = refusal(Place("us-west4"), gpu=["H100:1", "L4:3", "A100-80GB", "L4"], cpus="64+")
    assert found.details == (
        "H100:1: a3-highgpu-1g has 26 processors", "L4:3: no machine has that",
        "A100-80GB: a2-ultragpu-1g has 12 processors", "L4: g2-standard-4 has 4 processors",
    )  # fmt: skip


def test_a_refusal_speaks_of_the_gpus_that_are_liked_best() -> None:
    assert "a3-highgpu-1g" in refusal(gpu=["H100:1", "H200:8"]).message


# where


def test_gpus_that_the_region_does_not_have_are_passed_over() -> None:
    assert chosen(Place("europe-west6"), gpu=["A100", "L4"]) == "g2-standard-4"


def test_a_region_without_the_gpu_is_told_with_those_near_it_that_have_it() -> None:
    found = refusal(Place("europe-west1"), gpu="A100")
    assert found.message == "A100 is not to be had in europe-west1"
    assert found.hint.startswith("it is in europe-west4, ")


def test_a_zone_without_it_is_told_with_those_of_its_region() -> None:
    found = refusal(Place("us-central1", "us-central1-b"), gpu="A100-80GB")
    assert found.hint == "it is in us-central1-a, us-central1-c"


def test_whoever_names_a_zone_is_believed_and_told_what_the_table_says() -> None:
    found = choose_in(spec(resources={"gpu": "A100-80GB"}).resources, catalog(), "us-central1-b")
    assert (found.machine.type, found.price) == ("a2-ultragpu-1g", None)
    assert "us-central1-b had no A100-80GB" in found.doubt


def test_a_zone_that_may_have_it_is_told_to_be_uncertain() -> None:
    found = choose_in(spec(resources={"gpu": "H200:8", "spot": True}).resources, catalog(), "us-east5-a")
    assert found.doubt == "which zones of us-east5 have H200 is not known here"


def test_a_machine_without_a_gpu_is_doubted_nowhere() -> None:
    assert choose_in(spec().resources, catalog(), "us-central1-a").doubt == ""


def test_anywhere_means_the_region_where_it_costs_least() -> None:
    found = choice(ANYWHERE, gpu="L4")
    prices = [each.price("us-central1", "on-demand") for each in catalog().machines if each.type == "g2-standard-4"]
    assert found.price is not None
    assert prices[0] is not None
    assert found.price <= prices[0]


def small(**prices: float | None) -> Catalog:
    """One region with machines of those prices, by name, alike in all else."""
    machines = tuple(
        Machine(name, 4, 16, places={"r": "a"}, prices={} if price is None else {"r": Price(price, price, None)})
        for name, price in prices.items()
    )
    return Catalog("2026-01-01", 0.1, 0.06, {}, {"r": "a"}, {}, machines)


def test_a_price_that_is_known_is_rather_paid_than_one_that_is_not() -> None:
    assert choose(Resources(), small(a=None, b=9.0, c=7.0), Place("r")).machine.type == "c"


def test_where_no_price_is_known_one_of_the_smallest_is_taken() -> None:
    assert choose(Resources(), small(b=None, a=None), Place("r")).machine.type == "a"


def test_a_machine_with_exactly_the_memory_has_enough() -> None:
    assert choose(Resources(memory=Size.parse("16GiB")), small(a=1.0), Place("r")).machine.type == "a"


# against brute force

MODELS = [*catalog().gpus, *SAME, "RTX-4090"]
PLACES = [ANYWHERE, *(Place(region) for region in catalog().zones), Place("us-central1", "us-central1-f")]


def brute_force(wanted: Resources, place: Place) -> set[tuple[str, str]]:
    """Every machine and region that is as good as any, by going through all of them for each wish."""
    for wish in wanted.gpu or (None,):
        best: dict[tuple[str, str], tuple[bool, float]] = {}
        for machine in catalog().machines:
            for region, letters in machine.places.items() if does(machine, wish, wanted) else ():
                if place.region in ("", region) and in_zone(place, letters):
                    price = paid(machine, region, wanted)
                    best[machine.name, region] = (price is None, price or 0.0)
        if best:
            lowest = min(best.values())
            return {each for each, rank in best.items() if rank == lowest}
    return set()


def in_zone(place: Place, letters: str) -> bool:
    return not place.zone or not letters or place.zone[-1] in letters


def does(machine: Machine, wish: Gpu | None, wanted: Resources) -> bool:
    """Whether a machine has that, is sold so, and is no part of one."""
    name, count = (SAME.get(wish.name, wish.name), wish.count) if wish else (None, 0)
    cpus, memory = wanted.cpus, wanted.memory
    return (
        (machine.gpu, machine.gpus, machine.part) == (name, count, 1)
        and sold(machine, wanted)
        and (cpus is None or machine.cpus == cpus.count or (cpus.at_least and machine.cpus >= cpus.count))
        and (memory is None or machine.memory * 1024**3 >= memory.bytes)
        and (wish is not None or cpus is not None or usual(machine, memory))
    )


def sold(machine: Machine, wanted: Resources) -> bool:
    """Whether it is sold so: from a reservation also what is sold by the hour."""
    if wanted.reservation:
        return bool({"reservation", "on-demand"} & set(machine.ways))
    return ("spot" if wanted.spot else "flex-start" if wanted.flex_start else "on-demand") in machine.ways


def paid(machine: Machine, region: str, wanted: Resources) -> float | None:
    """What it costs so; what is reserved as much as by the hour."""
    if region not in machine.prices:
        return None
    price = machine.prices[region]
    return price.spot if wanted.spot else price.flex_start if wanted.flex_start else price.on_demand


def usual(machine: Machine, memory: Size | None) -> bool:
    """Whether it is as large as one is where nothing is said."""
    return machine.cpus >= 4 and (memory is not None or machine.memory >= 16)


def anything(dice: Random) -> tuple[Resources, Place]:
    """Wishes that somebody may have."""
    gpus = tuple(Gpu(dice.choice(MODELS), dice.choice((1, 2, 4, 8, 16))) for _ in range(dice.randrange(4)))
    cpus = Cpus(dice.choice((1, 2, 4, 8, 12, 16, 30, 48, 96, 208, 300)), dice.random() < 0.5)
    memory = Size(dice.choice((dice.randrange(1, 64), dice.randrange(1, 2000))) * 1024**3)
    way = dice.choice(({}, {"spot": True}, {"flex_start": True}, {"reservation": "lab"}))
    wanted = Resources(gpu=gpus, cpus=dice.choice((None, cpus)), memory=dice.choice((None, memory)), **way)
    return wanted, dice.choice(PLACES)


def answer(wanted: Resources, place: Place) -> Choice | None:
    try:
        return choose(wanted, catalog(), place)
    except PlacementRefused:
        return None


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2**32))
def test_of_10_000_wishes_each_gets_what_brute_force_finds_and_the_same_each_time(seed: int) -> None:
    dice = Random(seed)
    for _ in range(50):
        wanted, place = anything(dice)
        fitting, found = brute_force(wanted, place), answer(wanted, place)
        assert ((found.machine.name, found.region) in fitting) if found else not fitting, (wanted, place)
        assert answer(wanted, place) == found


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_what_is_chosen_of_a_region_is_chosen_again_in_each_of_its_zones_that_may_have_it(seed: int) -> None:
    dice = Random(seed)
    for _ in range(20):
        wanted, place = anything(dice)
        found = answer(wanted, place) if place.region and not place.zone else None
        zones = [f"{place.region}-{letter}" for letter in "abcdf"] if found else []
        for zone in zones:
            if found and found.machine.may_be_in(zone):
                assert choose_in(wanted, catalog(), zone).machine == found.machine, (wanted, place)


# why


def test_what_was_taken_is_told_first_then_what_costs_more() -> None:
    found = considered(choice(gpu="L4"))
    assert found[0].machine == "g2-standard-4 (1 L4)"
    assert found[0].verdict == "taken"
    assert found[0].per_hour == pytest.approx(0.7068, abs=0.0001)
    assert {each.verdict for each in found[1:]} == {"costs more"}


def test_gpus_that_are_liked_better_are_told_with_what_keeps_them_away() -> None:
    found = considered(choice(gpu=["H100:1", "L4"]))
    assert ("a3-highgpu-1g (1 H100)", "cannot be bought by the hour") in [
        (each.machine, each.verdict) for each in found
    ]


def test_of_many_machines_the_rest_is_told_by_its_number() -> None:
    found = considered(choice(cpus="4+"))
    assert len(found) < 20
    assert any(each.machine.endswith(" others") for each in found)
