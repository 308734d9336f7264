"""The table of machines made anew: of what Google answers, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cynthus.core.supply import Source
from cynthus.targets.gcp.catalog import TABLE
from cynthus.targets.gcp.refresh.answers import understood
from cynthus.targets.gcp.refresh.document import written
from cynthus.targets.gcp.refresh.prices import priced
from cynthus.targets.gcp.refresh.refreshed import refreshed
from cynthus.targets.gcp.refresh.skus import PriceList, Rate, read
from cynthus.targets.gcp.table import catalog_of, contradictions, load
from tests.targets.answers.spelled import NAME, SOURCE, answers, sku, skus, traps, type_pages
from tests.targets.answers.tables import LATER, bare, found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.targets.gcp.catalog import Way
    from cynthus.targets.gcp.table import File

SOLD = "A4 Nvidia B200"
"""Among the traps, the one row that is a price."""


def test_the_answers_give_the_shipped_table_byte_for_byte() -> None:
    assert written(refreshed(bare(), answers(), NAME, SOURCE).file) == TABLE.read_bytes()


def test_what_has_been_made_anew_is_made_the_same_again() -> None:
    once = refreshed(load(TABLE), answers(), "google", LATER).file
    assert written(refreshed(once, answers(), "google", LATER).file) == written(once)


def test_the_shipped_table_is_as_it_would_be_written() -> None:
    assert written(load(TABLE)) == TABLE.read_bytes()


def test_what_is_made_contradicts_nothing() -> None:
    assert list(contradictions(refreshed(load(TABLE), answers(), "google", LATER).file)) == []


# prices


def rated(*rows: tuple[str, str, str, int], regions: Sequence[str] = ("us-central1",)) -> PriceList:
    """Of rows: what is described, the kind of use, the unit, billionths of a dollar."""
    listed = [sku(text, "", usage, unit, price, regions) for text, usage, unit, price in rows]
    return read(understood([], [], [], [{"skus": listed}]).skus)


def rate(part: str, way: Way, *rows: tuple[str, str, str, int]) -> float | None:
    found = rated(*rows).rates.get(Rate(part, way, "us-central1"))
    return None if found is None else float(found)


@pytest.mark.parametrize(
    ("text", "usage", "unit", "part", "way"),
    [
        ("A3 Instance Core running in Americas", "OnDemand", "h", "A3 Instance Core", "on-demand"),
        ("A3 Instance Ram running in Sao Paulo", "OnDemand", "GiBy.h", "A3 Instance Ram", "on-demand"),
        ("Spot Preemptible A3 Instance Core running in Americas", "Preemptible", "h", "A3 Instance Core", "spot"),
        ("Nvidia L4 GPU attached to Spot Preemptible VMs in Tokyo", "Preemptible", "h", "Nvidia L4 GPU", "spot"),
        (
            "Spot Preemptible A4 Nvidia B200 (1 gpu slice) running in Americas", "OnDemand", "h",
            "A4 Nvidia B200 (1 gpu slice)", "spot",
        ),
        ("DWS Defined Duration A3 Core running in Americas", "OnDemand", "h", "A3 Instance Core", "flex-start"),
        ("DWS Defined Duration A3 Ram running in Americas", "OnDemand", "GBy.h", "A3 Instance Ram", "flex-start"),
        (
            "Nvidia H100 Mega 80GB GPU attached to DWS Defined Duration VMs running in Americas", "OnDemand", "h",
            "Nvidia H100 80GB Mega GPU", "flex-start",
        ),
        ("Nvidia H100 80GB Plus GPU running in Americas", "OnDemand", "h", "Nvidia H100 80GB Mega GPU", "on-demand"),
        ("RTX 6000 96GB running in Belgium", "OnDemand", "h", "RTX 6000 96GB", "on-demand"),
        ("SSD backed Local Storage", "OnDemand", "GiBy.h", "SSD backed Local Storage", "on-demand"),
        ("SSD backed Local Storage in Paris", "OnDemand", "GiBy.h", "SSD backed Local Storage", "on-demand"),
        (
            "DWS Defined Duration SSD backed Local Storage running in Americas", "OnDemand", "GiBy.h",
            "SSD backed Local Storage", "flex-start",
        ),
    ],
)  # fmt: skip
def test_a_row_is_read_as_google_words_it(text: str, usage: str, unit: str, part: str, way: Way) -> None:
    assert rate(part, way, (text, usage, unit, 2_500_000_000)) == 2.5


TRAPS = [pytest.param(each, id=each["description"]) for each in traps() if not each["description"].startswith(SOLD)]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_row_that_only_looks_like_a_price_is_never_one_on_demand(trap: dict[str, Any]) -> None:
    found = read(understood([], [], [], [{"skus": [trap]}]).skus)
    assert [each for each in found.rates if each.way == "on-demand"] == []


def test_traps_change_no_price_on_demand() -> None:
    plain, trapped = (refreshed(load(TABLE), each, "google", LATER).file for each in (answers(), answers(more=traps())))
    assert _on_demand(plain) == _on_demand(trapped)


def _on_demand(file: File) -> dict[tuple[str, str], float]:
    return {
        (machine.name, region): price.on_demand
        for machine in catalog_of(file).machines
        for region, price in machine.prices.items()
        if price.on_demand is not None
    }


def test_a_spot_row_that_google_files_under_on_demand_is_one_of_spot() -> None:
    made = refreshed(load(TABLE), answers(more=traps()), "google", LATER).file
    assert found(made, "a4-highgpu-8g").price("us-central1", "spot") == pytest.approx(8 * 4.9542)


@pytest.mark.parametrize(
    "row",
    [
        ("E2 Instance Core running in Americas", "OnDemand", "h", 0),
        ("E2 Instance Core running in Americas", "OnDemand", "fortnight", 21_000_000),
        ("E2 Instance Core running in Americas", "Commit1Yr", "h", 21_000_000),
        ("E2 Instance Core running in Americas in Calendar Mode", "OnDemand", "h", 21_000_000),
    ],
    ids=["for nothing", "by the fortnight", "a commitment", "by a calendar"],
)
def test_a_row_that_is_not_understood_is_no_price(row: tuple[str, str, str, int]) -> None:
    assert rate("E2 Instance Core", "on-demand", row) is None


def test_money_of_another_country_is_no_price() -> None:
    row = sku("E2 Instance Core running in Zurich", "CPU", "OnDemand", "h", 1, ["us-central1"], currency="CHF")
    assert read(understood([], [], [], [{"skus": [row]}]).skus).rates == {}


def test_what_is_quoted_by_the_month_is_divided_by_googles_hours() -> None:
    row = ("SSD backed Local Storage", "OnDemand", "GiBy.mo", 80_000_000)
    assert rate("SSD backed Local Storage", "on-demand", row) == pytest.approx(0.08 / 730)


def test_of_two_rows_that_contradict_each_other_none_is_believed() -> None:
    text = "E2 Instance Core running in Americas"
    twice = [sku(text, "CPU", "OnDemand", "h", price, ["us-central1"]) for price in (1, 2)]
    made = refreshed(load(TABLE), understood([], [], [], [{"skus": twice}]), "google", LATER)
    assert any("E2 Instance Core" in line and "contradict" in line for line in made.kept)


def test_a_machine_has_no_price_where_one_of_its_parts_has_none() -> None:
    rows = ("G2 Instance Core running in Americas", "G2 Instance Ram running in Americas")
    listed = rated(*((row, "OnDemand", "GiBy.h" if "Ram" in row else "h", 20_000_000) for row in rows))
    assert "g2-standard-4" not in priced(load(TABLE).families, listed).prices


def test_h100_by_flex_start_costs_what_a_bill_says() -> None:
    """A bill of August 2025: eight GPUs, 208 processors, 1872 GB and 6000 GiB of disks for $38.32."""
    gpu = "Nvidia H100 80GB GPU attached to DWS Defined Duration VMs running in Americas"
    rows = [
        (gpu, "OnDemand", "h", 4_200_761_000),
        ("DWS Defined Duration A3 Core running in Americas", "OnDemand", "h", 10_934_000),
        ("DWS Defined Duration A3 Ram running in Americas", "OnDemand", "GBy.h", 952_000),
        ("DWS Defined Duration SSD backed Local Storage running in Americas", "OnDemand", "GiBy.mo", 80_000_000),
    ]
    made = priced(load(TABLE).families, rated(*rows)).prices["a3-highgpu-8g"]["us-central1"]
    assert made.flex_start == pytest.approx(38.32004, abs=1e-4)


def test_a_part_of_a_gpu_is_charged_by_its_own_row() -> None:
    rows = rated(("1/8 vGPU no lssd running in Iowa", "OnDemand", "h", 646_880_000))
    made = priced(load(TABLE).families, rows).prices
    assert [made[f"g4-standard-{each}"]["us-central1"].on_demand for each in (6, 12, 24)] == [0.64688, 1.29376, 2.58752]


def test_a_way_in_which_a_machine_is_not_sold_has_no_price() -> None:
    made = refreshed(load(TABLE), answers(), "google", LATER).file
    assert found(made, "a3-highgpu-1g").price("us-central1", "on-demand") is None


def test_a_spot_price_above_the_one_on_demand_is_thrown_out_and_told() -> None:
    dear = sku(
        "Nvidia L4 GPU attached to Spot Preemptible VMs running in Seoul", "GPU", "Preemptible", "h", 9 * 10**9,
        ["asia-northeast3"],
    )  # fmt: skip
    rows = [each for each in skus() if each["description"] != dear["description"]]
    made = refreshed(bare(), understood([], type_pages(), [], [{"skus": [*rows, dear]}]), "google", LATER)
    assert any(line.startswith("g2-standard-4 in asia-northeast3: spot $9.") for line in made.thrown_out)
    assert made.file.prices["google"]["g2-standard-4"]["asia-northeast3"].spot is None


def test_what_a_newer_source_says_still_counts_more() -> None:
    made = refreshed(load(TABLE), answers(), "google", Source("2026-08-01", "")).file
    assert found(made, "a2-highgpu-1g").price("us-central1", "spot") == 2.12081


def test_what_the_answers_say_counts_more_than_an_older_source() -> None:
    made = refreshed(load(TABLE), answers(), "google", LATER).file
    price = found(made, "a2-highgpu-1g").price("us-central1", "spot")
    assert price == load(TABLE).prices[NAME]["a2-highgpu-1g"]["us-central1"].spot


def test_a_source_of_which_nothing_is_left_is_no_longer_told() -> None:
    made = refreshed(load(TABLE), answers(), "google", LATER).file
    assert NAME not in made.sources
    assert "skypilot" in made.sources


def test_without_a_price_the_table_gets_no_younger() -> None:
    made = refreshed(load(TABLE), understood([], type_pages(), [], []), "google", LATER)
    assert made.file.as_of == load(TABLE).as_of
    assert "all prices: the price list has no row" in made.kept


def test_prices_that_only_somebody_else_tells_are_told_with_their_day() -> None:
    made = refreshed(load(TABLE), answers(), "google", LATER)
    assert "the prices of 21 of gcosts-july-and-skypilot (2026-07-30)" in made.kept
