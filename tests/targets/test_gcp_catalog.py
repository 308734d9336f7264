"""The table of Google Cloud's machines: what it says of itself, and how it is read."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.core.gpu import Gpu
from cynthus.errors import CatalogBroken, CynthusError, StateTooNew
from cynthus.targets.gcp.catalog import TABLE, Machine, Price, catalog
from cynthus.targets.gcp.choice import SAME
from cynthus.targets.gcp.table import VERSION, read
from cynthus.testing.gcp.machine_types import machine_type
from tests.specs import spec

if TYPE_CHECKING:
    from pathlib import Path

MACHINES = [pytest.param(each, id=each.name) for each in catalog().machines]


def test_the_table_says_of_which_day_it_is() -> None:
    assert date.fromisoformat(catalog().as_of).year >= 2026


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_of_the_table_is_whole(machine: Machine) -> None:
    assert (machine.gpu is None) == (machine.gpus == 0)
    assert machine.attached == (machine.gpu is not None and machine.type.startswith("n1-"))
    assert machine.ways
    assert machine.places


@pytest.mark.parametrize("machine", MACHINES)
def test_no_price_is_there_for_a_way_in_which_it_is_not_sold(machine: Machine) -> None:
    sold = {"on-demand": "on_demand", "spot": "spot", "flex-start": "flex_start"}
    others = [part for way, part in sold.items() if way not in machine.ways]
    assert all(getattr(price, part) is None for price in machine.prices.values() for part in others)


SOLD: list[tuple[str, set[str]]] = [
    # Google sells the small H100 machines, H200 and B200 by the hour to nobody, and racks of GB200 by reservation only.
    ("n1-standard-4+1xT4", {"on-demand", "spot"}), ("g2-standard-4", {"on-demand", "spot"}),
    ("a2-highgpu-1g", {"on-demand", "spot"}), ("a3-highgpu-1g", {"spot"}), ("a3-highgpu-4g", {"spot"}),
    ("a3-highgpu-8g", {"on-demand", "spot"}), ("a3-megagpu-8g", {"on-demand", "spot"}), ("a3-ultragpu-8g", {"spot"}),
    ("a4-highgpu-8g", {"spot"}), ("a4x-highgpu-4g", set()), ("g4-standard-48", {"on-demand", "spot"}),
    ("e2-standard-4", {"on-demand", "spot"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "ways"), SOLD)
def test_how_a_machine_is_sold_is_as_google_says(name: str, ways: set[str]) -> None:
    (machine,) = (each for each in catalog().machines if each.name == name)
    assert set(machine.ways) & {"on-demand", "spot"} == ways


PRICES = [
    # machine, region, on demand, spot
    ("n1-standard-4+1xT4", "us-central1", 0.54, None), ("g2-standard-4", "us-central1", 0.7068, None),
    ("a2-highgpu-1g", "us-central1", 3.673385, 2.12081), ("a2-ultragpu-1g", "us-central1", 5.07, None),
    ("a3-highgpu-8g", "us-central1", 88.5, None), ("a4-highgpu-8g", "us-east4", None, 32.6),
    ("g4-standard-48", "us-central1", 4.5, None), ("e2-standard-4", "us-central1", 0.134, None),
    ("n2-standard-4", "us-central1", 0.194, None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "region", "on_demand", "spot"), PRICES)
def test_prices_are_those_that_were_read_by_hand_in_public_texts(
    name: str, region: str, on_demand: float | None, spot: float | None
) -> None:
    (machine,) = (each for each in catalog().machines if each.name == name)
    if on_demand is not None:
        assert machine.price(region, "on-demand") == pytest.approx(on_demand, rel=0.01)
    if spot is not None:
        assert machine.price(region, "spot") == pytest.approx(spot, rel=0.01)


def test_a_price_that_nobody_has_published_is_unknown() -> None:
    (machine,) = (each for each in catalog().machines if each.name == "a3-ultragpu-8g")
    assert machine.price("us-central1", "spot") is None


def test_every_model_is_one_that_cynthus_yaml_knows() -> None:
    assert {name: Gpu.parse(name).name for name in catalog().gpus} == {name: name for name in catalog().gpus}


def test_no_model_is_there_that_no_machine_has() -> None:
    assert {each.gpu for each in catalog().machines if each.gpu} == set(catalog().gpus)


def test_a_second_name_means_a_model_of_the_table() -> None:
    assert set(SAME.values()) <= set(catalog().gpus)
    assert not set(SAME) & set(catalog().gpus)


def test_no_machine_is_there_twice() -> None:
    counts = Counter(each.name for each in catalog().machines)
    assert [each for each, count in counts.items() if count > 1] == []


def test_a_type_of_machine_is_everywhere_the_same() -> None:
    shapes = {(each.type, each.cpus, each.memory) for each in catalog().machines}
    assert len(shapes) == len({each.type for each in catalog().machines})


def test_the_simulated_cloud_has_every_machine_that_can_be_chosen_and_as_it_is() -> None:
    chosen = [each for each in catalog().machines if each.part == 1 and each.ways != ("reservation",)]
    other = [
        (each.type, each.cpus, each.memory, found and (found.processors, found.gigabytes))
        for each in chosen
        if (found := machine_type(each.type)) is None or (found.processors, found.gigabytes) != (each.cpus, each.memory)
    ]
    assert other == []


def test_zones_are_such_as_cynthus_yaml_takes() -> None:
    named = {zone for machine in catalog().machines for region in machine.places for zone in machine.zones(region)}
    assert {zone for zone in named if spec(resources={"zone": zone}).resources.zone == zone} == named


def test_regions_are_such_as_cynthus_yaml_takes() -> None:
    regions = set(catalog().zones)
    assert {each for each in regions if spec(resources={"region": each}).resources.region == each} == regions


# reading it


def damaged(folder: Path, **parts: Any) -> Path:
    """The table with parts of it changed; one that is None is left out."""
    whole = json.loads(TABLE.read_text()) | parts
    path = folder / "machines.json"
    path.write_text(json.dumps({name: part for name, part in whole.items() if part is not None}))
    return path


def refused(path: Path) -> CynthusError:
    with pytest.raises(CynthusError) as caught:
        read(path)
    return caught.value


def test_what_is_no_json_says_which_file_it_is_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "machines.json"
    path.write_text('{"version": 1, ')
    found = refused(path)
    assert isinstance(found, CatalogBroken)
    assert str(path) in found.message
    assert "pip install" in found.hint


def test_a_table_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert isinstance(refused(tmp_path / "machines.json"), CatalogBroken)


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"as_of": None}, "as_of"),
    ({"as_of": "yesterday"}, "'yesterday' is no day"),
    ({"machines": []}, "machines"),
    ({"gpus": {}}, "has T4, of which nothing is told"),
    ({"zones": {}}, "in a region that is not listed"),
    ({"sources": {}}, "which is not listed"),
    ({"prices": {"skypilot": {"a9": {"us-central1": [1, 1, 1]}}}}, "a9 has a price where there is none"),
    ({"prices": {"skypilot": {"e2-standard-4": {"moon": [1, 1, 1]}}}}, "e2-standard-4 has a price"),
    ({"prices": {"skypilot": {"e2-standard-4": {"us-central1": ["1", 1, 1]}}}}, "prices"),
    ({"images": -1}, "images"),
]


@pytest.mark.parametrize(("parts", "message"), BROKEN)
def test_a_table_that_contradicts_itself_is_refused(tmp_path: Path, parts: dict[str, Any], message: str) -> None:
    found = refused(damaged(tmp_path, **parts))
    assert isinstance(found, CatalogBroken)
    assert message in found.message


def test_a_table_of_a_newer_cynthus_says_to_upgrade_whatever_else_it_holds(tmp_path: Path) -> None:
    found = refused(damaged(tmp_path, version=VERSION + 1, families=None, news={}))
    assert isinstance(found, StateTooNew)
    assert "pip install -U cynthus" in found.hint


def test_a_spot_price_above_the_one_by_the_hour_is_thrown_out_and_told(tmp_path: Path) -> None:
    prices = {"skypilot": {"g2-standard-4": {"us-central1": [0.7, 0.8, 0.4], "us-east1": [0.7, 0.3, None]}}}
    found = read(damaged(tmp_path, prices=prices))
    assert found.thrown_out == ("g2-standard-4 in us-central1: spot $0.8 above on demand $0.7",)
    (machine,) = (each for each in found.machines if each.name == "g2-standard-4")
    assert machine.prices == {"us-central1": Price(0.7, None, 0.4), "us-east1": Price(0.7, 0.3, None)}


def test_the_shipped_table_has_no_such_price() -> None:
    assert catalog().thrown_out == ()


def test_a_later_source_counts_more(tmp_path: Path) -> None:
    prices = {"gcosts-july": {"g2-standard-4": {"us-east1": [2, 1, None], "us-west1": [3, 1, None]}},
              "gcosts-august": {"g2-standard-4": {"us-east1": [4, 1, None]}}}  # fmt: skip
    (machine,) = (each for each in read(damaged(tmp_path, prices=prices)).machines if each.name == "g2-standard-4")
    assert (machine.price("us-east1", "on-demand"), machine.price("us-west1", "on-demand")) == (4, 3)


# disks, and what can be reserved


def test_the_usual_disk_has_a_price_in_every_region() -> None:
    prices = catalog().disks["pd-balanced"]
    assert set(prices) == set(catalog().zones)
    assert all(0.05 < price < 0.25 for price in prices.values())


def test_of_a_disk_that_is_listed_nowhere_no_price_is_made_up() -> None:
    assert "hyperdisk-balanced" not in catalog().disks


RESERVED = [
    ("e2-standard-4", True), ("a3-highgpu-1g", False), ("a3-highgpu-8g", True), ("a3-ultragpu-8g", True),
    ("a4-highgpu-8g", True), ("a4x-highgpu-4g", True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reserved"), RESERVED)
def test_what_is_sold_by_the_hour_or_bound_to_reservations_can_be_reserved(name: str, *, reserved: bool) -> None:
    (machine,) = (each for each in catalog().machines if each.name == name)
    assert machine.sold("reservation") is reserved
