from __future__ import annotations

from cynthus.core.pace import WINDOW, Pace


def test_of_nothing_nothing_is_said() -> None:
    assert Pace().words(5) == ""


def test_amount_rate_and_time_left_are_said() -> None:
    pace = Pace()
    pace.note(10, 0, 100_000)
    pace.note(12, 20_000, 100_000)
    assert pace.words(12) == "20.0 kB of 100.0 kB, 10.0 kB/s, 8 s left"


def test_what_was_there_before_does_not_count_for_the_rate() -> None:
    pace = Pace()
    pace.note(0, 80_000, 100_000)
    pace.note(1, 81_000, 100_000)
    assert pace.rate(1) == 1000


def test_the_rate_is_that_of_late() -> None:
    pace = Pace()
    for second in range(100):
        pace.note(second, 1000 * second if second < 50 else 50_000 + 10 * (second - 50), 10**6)
    assert 10 <= pace.rate(99) < 11
    assert WINDOW < 50


def test_while_nothing_comes_the_rate_falls() -> None:
    pace = Pace()
    pace.note(0, 0, 10**6)
    pace.note(1, 1000, 10**6)
    assert pace.rate(10) == 100


def test_another_whole_begins_anew() -> None:
    pace = Pace()
    pace.note(0, 0, 10)
    pace.note(1, 10, 10)
    pace.note(2, 5, 1000)
    assert (pace.words(2), pace.part) == ("5 B of 1.0 kB", 0.005)


def test_the_end_has_no_time_left() -> None:
    pace = Pace()
    pace.note(0, 0, 1000)
    pace.note(1, 1000, 1000)
    assert (pace.words(1), pace.part) == ("1.0 kB of 1.0 kB", 1)


def test_hours_and_days_are_said_as_such() -> None:
    pace = Pace()
    pace.note(0, 0, 10**8)
    pace.note(1, 10_000, 10**8)
    assert pace.words(1).endswith("2 h 46 min left")
    pace.note(2, 10_001, 10**15)
    pace.note(3, 10_101, 10**15)
    assert pace.words(3).endswith("days left")
