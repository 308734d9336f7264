"""Which machine of Google Cloud fits a spec, and the table that says which there are."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cynthus.core.gpu import Gpu
from cynthus.errors import PlacementRefused
from cynthus.targets.gcp.catalog import Catalog, Machine, catalog
from cynthus.targets.gcp.choice import SAME, choose
from tests.specs import spec


def chosen(**resources: Any) -> str:
    return choose(spec(resources=resources), catalog()).type


def refusal(**resources: Any) -> PlacementRefused:
    with pytest.raises(PlacementRefused) as caught:
        chosen(**resources)
    return caught.value


CHOICES: list[tuple[dict[str, Any], str]] = [
    ({}, "e2-standard-4"),
    ({"cpus": "2"}, "e2-standard-2"),
    ({"cpus": "2+"}, "e2-standard-2"),
    ({"cpus": "3+"}, "e2-standard-4"),
    ({"cpus": "33+"}, "n2-standard-48"),
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
]


@pytest.mark.parametrize(("resources", "machine"), CHOICES)
def test_the_smallest_machine_is_taken_that_has_what_is_asked_for(resources: dict[str, Any], machine: str) -> None:
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
    ({"gpu": "H100:1"}, "a3-highgpu-1g cannot be bought by the hour", "`spot: true`"),
    ({"gpu": "L4:1", "cpus": "64+"}, "`gpu: L4:1`, `cpus: 64+`", "g2-standard-32"),
    ({"cpus": "6"}, "`cpus: 6`", "e2-standard-8 (8 processors, 32 GiB)"),
    ({"cpus": "129+"}, "`cpus: 129+`", "n2-standard-128"),
    ({"memory": "2000GB"}, "`memory: 2000GB`", "n2-highmem-128 (128 processors, 864 GiB)"),
]


@pytest.mark.parametrize(("resources", "message", "hint"), REFUSALS)
def test_what_google_does_not_have_is_told_with_what_comes_near(
    resources: dict[str, Any], message: str, hint: str
) -> None:
    found = refusal(**resources)
    assert message in found.message
    assert hint in found.hint


def test_a_refusal_speaks_of_the_gpus_that_are_liked_best() -> None:
    assert "a3-highgpu-1g" in refusal(gpu=["H100:1", "H200:8"]).message


def fits(machine: Machine, gpu: str | None, count: int, cpus: int, memory: int) -> bool:
    """Whether a machine has that, for somebody who asked for at least so many processors and so much memory (GiB)."""
    right = (machine.gpu, machine.gpus) == ((gpu, count) if gpu else (None, 0))
    return right and not machine.spot_only and machine.cpus >= cpus and machine.memory >= memory


@settings(deadline=None)
@given(
    gpu=st.sampled_from([None, *catalog().gpus]), count=st.sampled_from([1, 2, 4, 8, 16]),
    cpus=st.integers(1, 400), memory=st.integers(1, 2000),
)  # fmt: skip
def test_the_chosen_machine_fits_and_none_smaller_does(gpu: str | None, count: int, cpus: int, memory: int) -> None:
    asked: dict[str, Any] = {"cpus": f"{cpus}+", "memory": f"{memory}GiB"} | ({"gpu": f"{gpu}:{count}"} if gpu else {})
    fitting = [each for each in catalog().machines if fits(each, gpu, count, cpus, memory)]
    if not fitting:
        assert refusal(**asked).hint
        return
    found = choose(spec(resources=asked), catalog())
    assert found in fitting
    assert not [each for each in fitting if (each.cpus, each.memory) < (found.cpus, found.memory)]


@settings(deadline=None)
@given(cpus=st.integers(1, 200))
def test_an_exact_number_of_processors_is_kept(cpus: int) -> None:
    there = cpus in {each.cpus for each in catalog().machines if each.gpu is None}
    if there:
        assert choose(spec(resources={"cpus": cpus}), catalog()).cpus == cpus
    else:
        assert f"`cpus: {cpus}`" in refusal(cpus=cpus).message


def test_a_machine_with_exactly_the_memory_has_enough() -> None:
    one = Catalog("2026-01-01", "r", 0.1, 0.06, {}, {}, (Machine("small", 4, 16), Machine("large", 8, 32)))
    assert choose(spec(resources={"memory": "16GiB"}), one).type == "small"


# the table


def test_the_table_says_of_which_day_it_is() -> None:
    assert date.fromisoformat(catalog().as_of).year >= 2026


@pytest.mark.parametrize("machine", catalog().machines, ids=lambda each: f"{each.type}-{each.gpu}-{each.gpus}")
def test_a_machine_of_the_table_is_whole(machine: Machine) -> None:
    assert (machine.gpu is None) == (machine.gpus == 0)
    assert machine.gpu is None or machine.gpu in catalog().gpus
    assert machine.attached == (machine.gpu is not None and machine.type.startswith("n1-"))
    assert machine.spot_price is None or machine.price is None or machine.spot_price < machine.price
    assert machine.cpus > 0
    assert machine.memory > 0


def test_every_model_is_one_that_cynthus_yaml_knows() -> None:
    assert {name: Gpu.parse(name).name for name in catalog().gpus} == {name: name for name in catalog().gpus}


def test_no_model_is_there_that_no_machine_has() -> None:
    assert {each.gpu for each in catalog().machines if each.gpu} == set(catalog().gpus)


def test_a_second_name_means_a_model_of_the_table() -> None:
    assert set(SAME.values()) <= set(catalog().gpus)
    assert not set(SAME) & set(catalog().gpus)


def test_no_machine_is_there_twice() -> None:
    counts = Counter((each.type, each.gpu, each.gpus) for each in catalog().machines)
    assert [each for each, count in counts.items() if count > 1] == []


def test_a_type_of_machine_is_everywhere_the_same() -> None:
    shapes = {(each.type, each.cpus, each.memory) for each in catalog().machines}
    assert len(shapes) == len({each.type for each in catalog().machines})


def test_zones_are_named_in_full_and_once() -> None:
    for gpu in catalog().gpus.values():
        assert len(set(gpu.zones)) == len(gpu.zones)
        assert all(spec(resources={"zone": zone}).resources.zone == zone for zone in gpu.zones)
