from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.duration import LONGEST, Duration
from cynthus.core.misfit import Misfit


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        ("4h", 14400),
        ("30m", 1800),
        ("90s", 90),
        ("90", 90),
        ("1h30m", 5400),
        ("1d", 86400),
        ("1d1h1m1s", 90061),
        ("0", 0),
    ],
)
def test_a_duration_counts_seconds(word: str, seconds: int) -> None:
    assert Duration.parse(word).seconds == seconds


@pytest.mark.parametrize("word", ["4h", "90", "1h30m"])
def test_it_prints_as_the_user_wrote_it(word: str) -> None:
    assert str(Duration.parse(word)) == word


def test_one_made_in_code_prints_as_one_could_write_it() -> None:
    assert str(Duration(10)) == "10s"


@given(st.integers(0, LONGEST))
def test_what_is_printed_can_be_read_again(seconds: int) -> None:
    assert Duration.parse(str(Duration(seconds))) == Duration(seconds)


@pytest.mark.parametrize(
    "word", ["", "4:00", "h", "-1h", "1.5h", "4 h", "30m1h", "4hours", "4H", "\u0664h", "1h\n", "1" * 30]
)
def test_what_is_no_duration_is_refused(word: str) -> None:
    with pytest.raises(Misfit, match="is no length of time"):
        Duration.parse(word)


def test_more_than_a_year_is_refused() -> None:
    with pytest.raises(Misfit, match="more than a year"):
        Duration.parse("367d")
