"""`cynthus gpus` as it is seen."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.cli import gpus_text
from cynthus.core.supply import Sold, Supply
from cynthus.operations.gpus import Shelf
from cynthus.process import Command, run
from tests.journeys.test_schemas import complaints

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.process import Completed

ONE = Sold(
    "g-1", "g", "L4", 1, 1, 24, 4, 16.0, "us-east1", ("us-east1-b", "us-east1-c"), ("on-demand", "spot"), 1.0, 0.5, None
)  # fmt: skip


def sold(*, machine: str = "g-1", gpus: int = 1, part: int = 1, region: str = "us-east1", zones: tuple[str, ...] = (),
         ways: tuple[str, ...] = ("on-demand", "spot"), on_demand: float | None = 1.0) -> Sold:  # fmt: skip
    return Sold(machine, "g", "L4", gpus, part, 24, 4 * gpus, 16.0 * gpus, region, zones, ways, on_demand, 0.5, None)


def model(*rows: Sold, spot: bool = False) -> tuple[str, ...]:
    """The only row of the overview."""
    ((_, found),) = gpus_text.overview(rows, spot=spot)
    (row,) = found
    return row


def test_the_overview_has_the_lowest_price_of_one_gpu() -> None:
    found = model(sold(on_demand=3.0), sold(machine="g-4", gpus=4, on_demand=8.0, region="us-west1"))
    assert found == ("L4", "24", "1, 4", "$2.00", "$0.12", "-", "2")


def test_a_price_for_which_one_has_to_take_more_says_how_many() -> None:
    found = model(sold(ways=("spot",), on_demand=None), sold(machine="g-8", gpus=8, on_demand=80.0))
    assert found[3] == "$10.00 by 8"


def test_what_is_sold_for_an_unknown_price_is_unknown_and_what_is_not_sold_a_dash() -> None:
    assert model(sold(ways=("on-demand", "flex-start"), on_demand=None))[3:6] == ("unknown", "-", "unknown")


def test_what_has_to_be_reserved_says_so() -> None:
    assert model(sold(ways=("reservation",), on_demand=None))[3:6] == ("reservation", "-", "-")


def test_a_part_of_a_gpu_makes_no_price_of_one() -> None:
    assert model(sold(on_demand=3.0), sold(machine="g-half", part=2, on_demand=0.1))[3] == "$3.00"


def test_zones_are_told_by_their_letters() -> None:
    head, rows = gpus_text.by_region([ONE, sold(region="us-west1")], spot=True)
    assert head == ("REGION", "ZONES", "SPOT")
    assert rows == [("us-east1", "b c", "$0.50"), ("us-west1", "unknown", "$0.50")]


def test_the_machines_of_a_region_are_told_with_what_they_have() -> None:
    _, rows = gpus_text.by_machine([sold(machine="g-half", part=2), sold(gpus=2)], spot=True)
    assert rows == [("g-half", "1/2", "4", "16", "$0.50"), ("g-1", "2", "8", "32", "$0.50")]


def test_the_machine_of_which_the_places_are_told_is_the_smallest_whole_one() -> None:
    rows = [sold(machine="g-2", gpus=2), sold(machine="g-half", part=2), sold(), sold(region="us-west1")]
    assert [each.region for each in gpus_text.smallest(rows)] == ["us-east1", "us-west1"]


AGES = [(30, False), (31, True)]


@pytest.mark.parametrize(("days", "told"), AGES)
def test_prices_of_more_than_thirty_days_are_told_to_be_old(days: int, told: bool) -> None:  # noqa: FBT001 - a case
    supply = Supply("Moon", "2026-01-01", (ONE,), ("us-east1",))
    lines = list(gpus_text.notes(Shelf(supply, (ONE,), days)))
    assert any("days old" in line for line in lines) == told


def test_prices_that_were_thrown_out_are_told_but_not_all_of_many() -> None:
    supply = Supply("Moon", "2026-01-01", (ONE,), ("us-east1",), thrown_out=tuple("abcde"))
    lines = list(gpus_text.notes(Shelf(supply, (ONE,), 1)))
    assert lines[1:] == [*(f"thrown out, for it cannot be: {each}" for each in "abc"), "so were 2 other prices"]


# as it is typed


def typed(folder: Path, *words: str, before: tuple[str, ...] = ()) -> Completed:
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "80"}
    return run(Command((sys.executable, *before, "-m", "cynthus", "gpus", *words), folder, environment))


LINES = [(), ("--spot",), ("L4",), ("T4", "--region", "us-central1"), ("cpu", "--region", "northamerica-northeast2")]


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_no_line_is_longer_than_a_screen_is_wide(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = typed(tmp_path, *words)
    assert said.returncode == 0, said.stderr
    assert max(len(line) for line in (said.stdout + said.stderr).decode().splitlines()) <= 80


def test_a_program_gets_one_document_of_the_shape_that_is_promised(tmp_path: Path) -> None:
    document = json.loads(typed(tmp_path, "H100:8", "--json").stdout)
    assert complaints(document) == []
    assert {each["machine"] for each in document["machines"]} == {"a3-highgpu-8g"}


def test_what_is_not_there_is_a_wrong_command(tmp_path: Path) -> None:
    said = typed(tmp_path, "L44")
    assert (said.returncode, said.stdout) == (2, b"")


def test_nothing_of_googles_is_loaded_for_it(tmp_path: Path) -> None:
    said = typed(tmp_path, "L4", before=("-X", "importtime")).stderr.decode()
    loaded = {line.split("|")[-1].strip() for line in said.splitlines()}
    assert "cynthus.targets.gcp.catalog" in loaded
    heavy = {"google", "requests", "rich", "jinja2", "ansible"}
    assert not heavy & {each.partition(".")[0] for each in loaded}
