"""Which machines there are and where, made anew of what Google lists; and what of all that is other than before."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cynthus.core.supply import Source
from cynthus.targets.gcp.catalog import TABLE
from cynthus.targets.gcp.refresh.answers import understood
from cynthus.targets.gcp.refresh.changes import changes
from cynthus.targets.gcp.refresh.refreshed import Refreshed, refreshed
from cynthus.targets.gcp.table import catalog_of, contradictions, load
from tests.targets.answers.spelled import SILENT, accelerator_pages, sku, skus, type_pages
from tests.targets.answers.tables import LATER, found

L4 = "nvidia-l4"
G2_4, G2_8 = ["g2-standard-4", 4, 16384, L4, 1], ["g2-standard-8", 8, 32768, L4, 1]


def listed(**zones: list[Any]) -> Refreshed:
    """The table after such lists; `_` in the name of a zone stands for a dash."""
    by_zone = {zone.replace("_", "-"): types for zone, types in zones.items()}
    names = [{"items": [{"name": zone} for zone in by_zone]}]
    return refreshed(load(TABLE), understood(names, type_pages(by_zone), [], []), "google", LATER)


def test_a_machine_is_where_it_is_listed() -> None:
    made = listed(us_central1_b=[G2_4, G2_8], us_central1_c=[G2_4, G2_8], us_east1_b=[]).file
    places = found(made, "g2-standard-4").places
    assert places["us-central1"] == "bc"
    assert "us-east1" not in places


def test_a_region_of_which_nothing_was_heard_stays_as_it_was_and_that_is_told() -> None:
    made = listed(us_central1_b=[G2_4, G2_8])
    assert found(made.file, "g2-standard-4").places["us-east1"] == "bcd"
    assert any("us-east1" in line and "nothing could be heard" in line for line in made.kept)


def test_a_zone_that_cannot_be_reached_takes_nothing_away_from_its_region() -> None:
    pages = type_pages({"us-central1-b": [G2_4, G2_8]})
    pages[0]["items"]["zones/us-central1-a"] = SILENT
    made = refreshed(load(TABLE), understood([], pages, [], []), "google", LATER)
    assert found(made.file, "g2-standard-4").places["us-central1"] == "b"
    assert any("us-central1" in line and "nothing could be heard" in line for line in made.kept)


def test_a_machine_that_is_new_joins_its_family() -> None:
    made = listed(us_central1_b=[G2_4, ["g2-standard-64", 64, 262144, L4, 1]]).file
    machine = found(made, "g2-standard-64")
    assert (machine.cpus, machine.memory, machine.gpus, machine.nic, machine.ways) == (
        64, 256, 1, "GVNIC", ("on-demand", "spot", "flex-start")
    )  # fmt: skip


def test_a_machine_that_is_listed_no_more_is_gone() -> None:
    made = listed(us_central1_b=[G2_4]).file
    assert [each.type for each in catalog_of(made).machines if each.type.startswith("g2-")] == ["g2-standard-4"]


def test_a_family_of_which_nothing_is_listed_stays_and_that_is_told() -> None:
    made = listed(us_central1_b=[G2_4])
    assert found(made.file, "a4x-highgpu-4g").places == found(load(TABLE), "a4x-highgpu-4g").places
    assert any("a4x" in line and "none of them is listed" in line for line in made.kept)


def test_machines_of_a_family_that_are_elsewhere_become_one_of_their_own() -> None:
    made = listed(us_central1_b=[G2_4, G2_8], us_central1_c=[G2_8]).file
    assert (found(made, "g2-standard-4").family, found(made, "g2-standard-8").family) == ("g2", "g2-standard-8")


def test_a_machine_with_other_gpus_than_its_name_promises_is_not_taken_in() -> None:
    made = listed(us_central1_b=[G2_4, ["g2-standard-64", 64, 262144, "nvidia-l40", 1]]).file
    assert [each for each in catalog_of(made).machines if each.type == "g2-standard-64"] == []


def test_types_of_no_family_are_told() -> None:
    assert listed(us_central1_b=[G2_4, ["h4d-standard-192", 192, 737280]]).strange == ("h4d-standard-192",)


def test_gpus_that_are_attached_are_where_their_model_is() -> None:
    pages = accelerator_pages({"us-central1-a": ["nvidia-tesla-t4"], "us-east1-c": ["nvidia-tesla-t4"]})
    made = refreshed(load(TABLE), understood([], [], pages, []), "google", LATER).file
    places = found(made, "n1-standard-4+1xT4").places
    assert (places["us-central1"], places["us-east1"]) == ("a", "c")


def test_a_price_where_a_machine_is_no_more_goes_with_it() -> None:
    made = listed(us_central1_b=[G2_4, G2_8], us_east1_b=[]).file
    assert list(contradictions(made)) == []
    assert found(made, "g2-standard-4").price("us-east1", "on-demand") is None


def test_another_number_of_processors_is_taken_over() -> None:
    assert found(listed(us_central1_b=[["g2-standard-4", 6, 24576, L4, 1]]).file, "g2-standard-4").cpus == 6


@pytest.mark.parametrize(
    "pages",
    [
        ([{"items": [{"name": 5}]}], [], [], []),
        ([], [{"items": ["zones/a"]}], [], []),
        ([], [{"items": {"zones/a-b1-c": {"machineTypes": [{"name": "x"}]}}}], [], []),
        ([], [], [], [{"skus": [{"description": None}]}]),
    ],
    ids=["zones", "machines", "a machine", "prices"],
)
def test_answers_of_another_shape_are_none(pages: tuple[Any, Any, Any, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        understood(*pages)


# what has changed


def test_changes_are_counted_by_machine_region_and_way() -> None:
    before = load(TABLE)
    dearer = [each if each["description"] != "Nvidia L4 GPU running in Seoul" else DEARER for each in skus()]
    after = refreshed(before, understood([], [], [], [{"skus": dearer}]), "google", Source("2026-07-30", "")).file
    moves = changes(catalog_of(before), catalog_of(after)).prices
    assert (moves.up, moves.down, moves.first, moves.gone) == (8, 0, 0, 0)


DEARER = sku("Nvidia L4 GPU running in Seoul", "GPU", "OnDemand", "h", 10**9, ["asia-northeast3"])


def test_machines_that_came_went_and_changed_are_named() -> None:
    bigger = ["g2-standard-4", 6, 24576, L4, 1]
    made = listed(us_central1_b=[bigger, ["g2-standard-64", 64, 262144, L4, 1]], us_west9_a=[bigger], us_east1_b=[])
    found = changes(catalog_of(load(TABLE)), catalog_of(made.file))
    assert found.new == ("g2-standard-64",)
    assert "g2-standard-8" in found.gone
    assert found.other == ("g2-standard-4: 6 processors and 24 GiB, not 4 and 16",)
    assert found.arrived == ("g2-standard-4 in us-west9",)
    assert found.left == ("g2-standard-4 in us-east1",)
