from __future__ import annotations

import re
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.names import (
    NAME_PATTERN,
    is_deployment_id,
    is_name,
    is_run_id,
    mint_deployment_id,
    mint_run_id,
    name_from,
)

NAMES = st.from_regex(NAME_PATTERN, fullmatch=True).filter(lambda name: "\n" not in name)
SEEDS = st.integers(0, 2**32)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@pytest.mark.parametrize("text", ["a", "weather", "my-app-2", "a" * 63])
def test_a_name_has_small_letters_digits_and_dashes(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["", "2a", "-a", "a-", "A", "a_b", "a b", "a\n", "${x}", "%{x}", '"a"', "ä", "😀", "a" * 64]
)
def test_anything_else_is_no_name(text: str) -> None:
    assert not is_name(text)


@given(st.text(max_size=300))
def test_any_folder_gets_a_name(folder: str) -> None:
    assert is_name(name_from(folder))


@given(NAMES)
def test_a_name_is_kept_as_it_is(name: str) -> None:
    assert name_from(name) == re.sub("-+", "-", name)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("My App", "my-app"), ("2024-weather", "weather"), ("天気", "app"), ("a.b_c", "a-b-c"), ("", "app"), ("-x-", "x")],
)
def test_a_folder_name_is_made_to_fit(folder: str, name: str) -> None:
    assert name_from(folder) == name


@given(NAMES, SEEDS)
def test_every_minted_deployment_id_is_one(name: str, seed: int) -> None:
    assert is_deployment_id(mint_deployment_id(name, Random(seed)))


@given(NAMES, SEEDS)
def test_a_deployment_id_leaves_room_for_a_prefix_in_thirty_characters(name: str, seed: int) -> None:
    assert len(mint_deployment_id(name, Random(seed))) <= 23


@given(NAMES, SEEDS)
def test_a_deployment_id_is_a_name_itself(name: str, seed: int) -> None:
    assert is_name(mint_deployment_id(name, Random(seed)))


def test_two_deployments_of_one_name_differ() -> None:
    random = Random(1)
    assert mint_deployment_id("weather", random) != mint_deployment_id("weather", random)


@pytest.mark.parametrize(
    "text", ["weather", "weather-12345", "weather-12345g", "weather-123456\n", "Weather-123456", "-123456"]
)
def test_what_is_no_deployment_id_is_told_apart(text: str) -> None:
    assert not is_deployment_id(text)


@given(MOMENTS, SEEDS)
def test_every_minted_run_id_is_one(moment: datetime, seed: int) -> None:
    assert is_run_id(mint_run_id(moment, Random(seed)))


@given(MOMENTS, MOMENTS, SEEDS)
def test_run_ids_sort_by_time(one: datetime, other: datetime, seed: int) -> None:
    early, late = sorted((one.replace(microsecond=0), other.replace(microsecond=0)))
    assert mint_run_id(early, Random(seed)) <= mint_run_id(late, Random(seed))


def test_two_runs_in_one_second_differ() -> None:
    random, moment = Random(1), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    first, second = mint_run_id(moment, random), mint_run_id(moment, random)
    assert first[:16] == second[:16] == "20260102-030405-"
    assert first != second


@given(MOMENTS.filter(lambda moment: moment.year < 9999), MOMENTS, SEEDS)
def test_a_run_sorts_behind_the_last_one_whatever_the_clock_says(last: datetime, now: datetime, seed: int) -> None:
    before = mint_run_id(last, Random(seed))
    minted = mint_run_id(now, Random(seed), after=before)
    assert (is_run_id(minted), minted > before) == (True, True)


@pytest.mark.parametrize(
    ("last", "minted"),
    [
        ("20260102-030405-0000", "20260102-030405-2265"),
        ("20260102-030405-fffe", "20260102-030405-ffff"),
        ("20260102-030405-ffff", "20260102-030406-0000"),
        ("20270102-030405-0041", "20270102-030405-0042"),
    ],
)
def test_behind_a_run_of_the_same_second_or_of_the_future_is_the_next_id(last: str, minted: str) -> None:
    assert mint_run_id(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), Random(1), after=last) == minted


@pytest.mark.parametrize(
    "text", ["", "20260102-030405", "20260102-030405-12G4", "20260102-030405-1234\n", "../20260102-030405-1234"]
)
def test_what_is_no_run_id_is_told_apart(text: str) -> None:
    assert not is_run_id(text)
