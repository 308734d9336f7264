"""What a cloud has to sell, as somebody asks for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.errors import UsageError
from cynthus.operations.gpus import Wanted, aged, gpus
from cynthus.testing.clock import FakeClock

if TYPE_CHECKING:
    from cynthus.operations.gpus import Shelf
    from tests.operations.workshop import Workshop


def asked(workshop: Workshop, name: str = "", region: str = "", *, spot: bool = False) -> Shelf:
    return gpus(workshop.tools, Wanted(name, region, spot))


def refused(workshop: Workshop, name: str = "", region: str = "", *, spot: bool = False) -> UsageError:
    with pytest.raises(UsageError) as caught:
        asked(workshop, name, region, spot=spot)
    return caught.value


NAMES = [
    # as it is typed, models that are found, how many in a machine
    ("L4", {"L4"}, {1, 2, 4, 8}), ("l4:2", {"L4"}, {2}), ("a100-80gb", {"A100-80GB"}, {1, 2, 4, 8}),
    ("A100-40GB:16", {"A100"}, {16}), ("H100:8", {"H100"}, {8}), ("rtx-pro-6000:8", {"RTX-PRO-6000"}, {8}),
    ("rtxpro6000:1", {"RTX-PRO-6000"}, {1}), ("cpu", {None}, {0}), ("E2", {None}, {0}), ("g2", {"L4"}, {1, 2, 4, 8}),
    ("g2-standard-24", {"L4"}, {2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "models", "counts"), NAMES)
def test_a_gpu_is_found_by_the_name_that_people_give_it(
    workshop: Workshop, name: str, models: set[str | None], counts: set[int]
) -> None:
    found = asked(workshop, name).sold
    assert ({each.gpu for each in found}, {each.gpus for each in found}) == (models, counts)


def test_without_a_name_everything_is_shown(workshop: Workshop) -> None:
    found = asked(workshop).sold
    assert {"T4", "H200", "GB200", None} <= {each.gpu for each in found}


def test_a_part_of_a_gpu_is_not_one(workshop: Workshop) -> None:
    assert {each.part for each in asked(workshop, "rtx-pro-6000:1").sold} == {1}
    assert {each.part for each in asked(workshop, "rtx-pro-6000").sold} == {1, 2, 4, 8}


def test_the_cheapest_comes_first_and_what_nobody_knows_last(workshop: Workshop) -> None:
    prices = [each.on_demand for each in asked(workshop, "T4:1").sold]
    known = [each for each in prices if each is not None]
    assert prices[: len(known)] == sorted(known)
    assert None in prices


def test_for_spot_it_is_the_spot_price_that_counts(workshop: Workshop) -> None:
    prices = [each.spot for each in asked(workshop, "H100:1", spot=True).sold if each.spot is not None]
    assert prices == sorted(prices)


def test_one_region_shows_what_that_has(workshop: Workshop) -> None:
    assert {each.region for each in asked(workshop, "L4", "us-east4").sold} == {"us-east4"}


def test_nothing_is_sold_by_the_hour_that_cannot_be_bought_so(workshop: Workshop) -> None:
    assert all(each.on_demand is None for each in asked(workshop, "H100:1").sold)


REFUSALS: list[tuple[tuple[str, str, bool], str, str]] = [
    # name, region, spot; a part of the message, a part of the hint
    (("L44", "", False), "no GPU 'L44'", 'did you mean "L4"? us-'),
    (("H10O", "", False), "no GPU 'H10O'", 'did you mean "H100"?'),
    (("H10O:8", "", False), "no GPU 'H10O:8'", 'did you mean "H100"?'),
    (("MI300X", "", False), "no GPU 'MI300X'", "it has T4, P4"),
    (("L4:0", "", False), "no GPU 'L4:0'", 'did you mean "L4"?'),
    (("L4:3", "", False), "no machine with 3 L4", "machines there have 1, 2, 4, 8 of L4"),
    (("L4", "us-centrla1", False), "no region 'us-centrla1'", 'did you mean "us-central1"?'),
    (("L4", "moon", False), "no region 'moon'", "there are africa-south1, "),
    (("A100", "europe-west1", False), "A100 is not to be had in europe-west1", "it is in europe-west4, "),
    (("GB200", "", True), "GB200 is not to be had as a spot machine", "it is sold so: reservation"),
]


@pytest.mark.parametrize(("words", "message", "hint"), REFUSALS)
def test_what_is_not_there_is_answered_with_what_is(
    workshop: Workshop, words: tuple[str, str, bool], message: str, hint: str
) -> None:
    name, region, spot = words
    found = refused(workshop, name, region, spot=spot)
    assert message in found.message
    assert hint in found.hint


def test_a_target_of_ones_own_machines_sells_nothing(workshop: Workshop) -> None:
    with pytest.raises(UsageError, match="the target local sells nothing"):
        gpus(workshop.tools, Wanted(target="local"))


def test_prices_are_as_old_as_their_day_is_past(workshop: Workshop) -> None:
    clock = FakeClock(datetime(2026, 8, 30, 12, tzinfo=UTC))
    assert gpus(replace(workshop.tools, clock=clock), Wanted("L4")).days == 31


@pytest.mark.parametrize(("target", "day", "told"), [("gcp", 29, 0), ("gcp", 30, 1), ("local", 30, 0)])
def test_a_plan_says_so_where_its_prices_are_older_than_thirty_days(
    workshop: Workshop, target: str, day: int, told: int
) -> None:
    tools = replace(workshop.tools, clock=FakeClock(datetime(2026, 8, day, 12, tzinfo=UTC)))
    found = aged(tools, tools.targets.find(target))
    assert len(found) == told
    assert all("2026-07-30, 31 days ago" in each for each in found)
