from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.clock import Clock, SystemClock, as_label, parse_label, parse_stamp, stamp
from cynthus.testing.clock import START, FakeClock

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_moment_is_written_in_utc_to_the_second() -> None:
    assert stamp(MOMENT.replace(microsecond=999_999)) == "2026-01-02T03:04:05Z"


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    assert stamp(MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))) == "2026-01-02T03:04:05Z"


def test_a_moment_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        stamp(MOMENT.replace(tzinfo=None))


def test_what_was_written_is_read_back() -> None:
    assert parse_stamp(stamp(MOMENT)) == MOMENT


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05.250Z", MOMENT.replace(microsecond=250_000)),
        ("2026-01-02T05:04:05+02:00", MOMENT),
        ("2026-01-02 03:04:05Z", MOMENT),
    ],
)
def test_other_spellings_of_rfc_3339_are_read(text: str, moment: datetime) -> None:
    assert parse_stamp(text) == moment


def test_what_is_read_is_in_utc() -> None:
    assert parse_stamp("2026-01-02T05:04:05+02:00").utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05", "2026-01-02", "yesterday", "", "1767323045"])
def test_what_names_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_stamp(text)


def test_a_moment_is_a_label_in_utc() -> None:
    assert as_label(MOMENT.astimezone(timezone(timedelta(hours=-3)))) == "2026-01-02t03-04-05z"


def test_a_moment_without_a_zone_is_no_label() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        as_label(MOMENT.replace(tzinfo=None))


@given(st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - as it wants them
def test_a_label_is_one_for_the_cloud_and_is_read_back_to_the_second(moment: datetime) -> None:
    label = as_label(moment)
    assert re.fullmatch(r"[a-z0-9_-]{1,63}", label)
    assert parse_label(label) == moment.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize("text", ["2026-01-02t03-04-05", "2026-01-02T03:04:05Z", "never", ""])
def test_a_label_that_names_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_label(text)


def test_the_machines_clock_tells_its_zone() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_the_machines_clock_lets_time_pass() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() - before >= 0.001


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()])
def test_real_and_fake_clocks_stand_in_for_each_other(clock: Clock) -> None:
    before = clock.now()
    clock.sleep(0.001)
    assert clock.now() > before


def test_a_fake_clock_stands_still() -> None:
    clock = FakeClock()
    assert [clock.now(), clock.now()] == [START, START]


def test_a_fake_clock_remembers_what_was_slept() -> None:
    clock = FakeClock()
    clock.sleep(2)
    clock.sleep(0.5)
    assert (clock.slept, clock.monotonic(), clock.now()) == ([2, 0.5], 2.5, START + timedelta(seconds=2.5))


def test_a_jump_of_the_wall_clock_leaves_the_monotonic_one_alone() -> None:
    clock = FakeClock()
    clock.set(START - timedelta(days=1))
    assert (clock.now(), clock.monotonic()) == (START - timedelta(days=1), 0)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="does not pass"):
        FakeClock().advance(-1)
