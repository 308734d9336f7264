"""How long machines of Google's live: by the run's time, and by what they may cost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cynthus.core.allowance import cost
from cynthus.errors import PlacementRefused
from cynthus.targets.gcp.catalog import catalog
from cynthus.targets.gcp.choice import choose_in
from cynthus.targets.gcp.life import AROUND, LATE, LONGEST, LONGEST_FLEX, USUAL_LIFETIME, elsewhere, lifetime, per_hour
from tests.targets.gcp_user import place, refusal, spec, target

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.spec import AppSpec

pytestmark = pytest.mark.usefixtures("alone")

HOUR = 3600
FLEX: dict[str, Any] = {"gpu": "L4:1", "flex_start": True}
RTX: dict[str, Any] = {"gpu": "RTX-PRO-6000:1", "flex_start": True}
"""The one whose price by flex-start is known."""


def limited(dollars: object, duration: str | None = None, **resources: Any) -> AppSpec:
    return spec(resources=resources, limits={"max_cost": dollars, "max_duration": duration})


def lives(app: AppSpec, price: float | None) -> int:
    return lifetime(app, price, "a machine")


# time


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [(None, USUAL_LIFETIME), ("4h", 4 * HOUR + AROUND), ("6d23h30m", LONGEST_FLEX)],
)
def test_a_machine_by_flex_start_lasts_as_long_as_any_other(duration: str | None, seconds: int) -> None:
    assert lives(spec(resources=FLEX, limits={"max_duration": duration}), None) == seconds


@pytest.mark.parametrize("duration", ["7d", "6d23h31m", "30d"])
def test_by_flex_start_no_run_is_longer_than_google_lets_the_machine_live(tmp_path: Path, duration: str) -> None:
    found = refusal(tmp_path, spec(resources=FLEX, limits={"max_duration": duration}))
    assert f"`max_duration: {duration}` with `flex_start: true`" in found.message
    assert "`max_duration: 6d23h` or less" in found.hint


# money


def test_a_machine_lives_as_long_as_the_money_lasts() -> None:
    assert lives(limited(10, "30d"), 1.0) == 10 * HOUR - LATE


def test_and_no_longer_than_the_run_may_take() -> None:
    assert lives(limited(100, "4h"), 1.0) == 4 * HOUR + AROUND


def test_whoever_says_what_it_may_cost_has_the_day_lifted() -> None:
    assert lives(limited(100), 1.0) == 100 * HOUR - LATE


def test_money_without_end_buys_what_google_lets_live() -> None:
    assert lives(limited(1_000_000), 1.0) == LONGEST


def test_by_flex_start_it_buys_seven_days() -> None:
    assert lives(limited(1_000_000, **RTX), 1.0) == LONGEST_FLEX


def test_too_little_for_an_hour_is_refused_with_what_is_enough(tmp_path: Path) -> None:
    found = refusal(tmp_path, limited("0.50", gpu="L4:1"))
    assert "`max_cost: 0.5` pays for 40 minutes of g2-standard-4 in us-central1-a at $0.72 an hour" in found.message
    assert found.message.endswith("which is less than an hour")
    assert found.hint.startswith("write `max_cost: 0.74` or more")


def test_for_a_short_run_less_than_an_hour_is_enough() -> None:
    assert lives(limited("0.75", "10m"), 1.0) == 40 * 60


def test_too_little_for_a_short_run_is_told_with_what_that_takes() -> None:
    with pytest.raises(PlacementRefused, match="less than the 40 minutes that this run takes with boot and saving"):
        lives(limited("0.65", "10m"), 1.0)


def test_what_nobody_knows_the_price_of_is_not_promised(tmp_path: Path) -> None:
    found = refusal(tmp_path, limited(100, gpu="P100:4"))
    assert "cannot be kept: what n1-standard-16 in us-central1-a costs is not known here" in found.message
    assert "write `max_duration:` in its place" in found.hint


def test_a_price_by_flex_start_that_nobody_knows_is_not_promised_either(tmp_path: Path) -> None:
    assert "costs is not known here" in refusal(tmp_path, limited(100, **FLEX)).message


def test_one_that_is_known_is(tmp_path: Path) -> None:
    app = limited(10, **RTX)
    offer = target(tmp_path).offer(app, place(tmp_path, app))
    assert offer.per_hour == pytest.approx(2.25)


@pytest.mark.parametrize(
    "resources", [{}, {"gpu": "L4:1"}, {"gpu": "L4:1", "nodes": 3}, {"gpu": "A100:1", "spot": True}]
)
def test_the_offer_is_at_most_what_was_said(tmp_path: Path, resources: dict[str, Any]) -> None:
    app = limited(10, **resources)
    most = target(tmp_path).offer(app, place(tmp_path, app)).maximum
    assert most is not None
    assert 9 < most <= 10


def test_of_several_machines_all_are_paid_for() -> None:
    one, three = (limited(20, gpu="L4:1", nodes=nodes) for nodes in (1, 3))
    choice = choose_in(one.resources, catalog(), "us-central1-a")
    prices = per_hour(one, choice), per_hour(three, choice)
    assert prices[0] is not None
    assert prices[1] == pytest.approx(3 * prices[0])


def test_a_larger_disk_leaves_less_time() -> None:
    small, large = (limited(10, gpu="L4:1", disk=disk) for disk in ("1GB", "10TB"))
    lived = [lives(app, per_hour(app, choose_in(app.resources, catalog(), "us-central1-a"))) for app in (small, large)]
    assert lived[0] > 2 * lived[1]


def test_of_a_list_of_gpus_the_time_is_that_of_the_machine_that_is_taken(tmp_path: Path) -> None:
    listed = place(tmp_path, limited(20, gpu=["H100:1", "L4:1"]))
    assert listed.lifetime == place(tmp_path, limited(20, gpu="L4:1")).lifetime


@settings(max_examples=500)
@given(st.floats(0.01, 1e5), st.floats(0.01, 500), st.none() | st.integers(1, 10_000_000))
def test_whatever_is_said_no_machine_can_cost_more(dollars: float, price: float, duration: int | None) -> None:
    app = spec(limits={"max_cost": round(dollars, 2), "max_duration": duration})
    try:
        seconds = lives(app, price)
    except PlacementRefused as refused:
        enough = re.search(r"max_cost: ([0-9.]+)` or more", refused.hint)
        assert enough is not None
        assert float(enough[1]) > round(dollars, 2)
        app = spec(limits={"max_cost": enough[1], "max_duration": duration})
        assert lives(app, price) >= min(HOUR, (duration or HOUR) + AROUND)
        return
    assert cost(price, seconds + LATE) <= round(dollars, 2) + 1e-9


# elsewhere, and once more


def test_in_a_dearer_place_it_lives_the_shorter(tmp_path: Path) -> None:
    app = limited(10, gpu="L4:1")
    here = place(tmp_path, app)
    there = elsewhere(app, here, 2.0, "a machine")
    assert here.lifetime is not None
    assert there.lifetime == 5 * HOUR - LATE < here.lifetime


@pytest.mark.parametrize("dearer", [1.5, 2.8, 6.0])
def test_of_what_earlier_attempts_have_left_a_dearer_place_gets_as_much_money(tmp_path: Path, dearer: float) -> None:
    app = limited(20, gpu="L4:1")
    price = target(tmp_path).offer(app, place(tmp_path, app)).per_hour
    assert price is not None
    half = replace(place(tmp_path, app), remaining=round(10 * HOUR / price))
    there = elsewhere(app, half, dearer, "a machine").remaining
    assert there is not None
    assert 9.8 < cost(dearer, there) <= 10


def test_a_cheaper_place_gives_no_time_back(tmp_path: Path) -> None:
    app = limited(10, gpu="L4:1")
    half = replace(place(tmp_path, app), remaining=5 * HOUR)
    assert elsewhere(app, half, 0.1, "a machine").remaining == 5 * HOUR


def test_where_next_to_nothing_is_left_no_machine_is_made(tmp_path: Path) -> None:
    app = limited(10, gpu="L4:1")
    with pytest.raises(PlacementRefused, match="too little of `max_cost:` is left"):
        elsewhere(app, replace(place(tmp_path, app), remaining=400), 6.0, "a machine")


def test_a_place_that_is_too_dear_for_the_money_is_refused(tmp_path: Path) -> None:
    app = limited(1, gpu="L4:1")
    with pytest.raises(PlacementRefused, match="less than an hour"):
        elsewhere(app, place(tmp_path, app), 2.0, "a machine")


def test_where_nobody_is_to_remove_it_nobody_does_elsewhere(tmp_path: Path) -> None:
    here = replace(place(tmp_path), lifetime=None)
    assert elsewhere(spec(), here, 2.0, "a machine") == here
