from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cynthus.cli.wording import between, moment, price, span, typed


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "less than 1 s"), (59, "59 s"), (60, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_times_are_said_as_coarsely_as_they_matter(seconds: int, said: str) -> None:
    assert span(seconds) == said


def test_the_time_between_two_stamps() -> None:
    assert between("2026-01-02T03:04:05Z", "2026-01-02T03:04:08Z") == "3 s"


def test_the_time_until_a_moment() -> None:
    assert between("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 5, 5, tzinfo=UTC)) == "1 min 0 s"


@pytest.mark.parametrize(("start", "end"), [(None, "2026-01-02T03:04:08Z"), ("2026-01-02T03:04:05Z", None)])
def test_half_a_span_is_not_said(start: str | None, end: str | None) -> None:
    assert between(start, end) == ""


def test_a_clock_that_was_set_back_gives_no_negative_time() -> None:
    assert between("2026-01-02T03:04:05Z", "2026-01-02T03:04:00Z") == "less than 1 s"


def test_a_moment_is_told_in_the_readers_own_time() -> None:
    local = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).astimezone()
    assert moment("2026-01-02T03:04:05Z") == f"{local:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(("dollars", "said"), [(None, "not known"), (0.0, "nothing"), (0.7068, "$0.71/h")])
def test_prices(dollars: float | None, said: str) -> None:
    assert price(dollars) == said


@pytest.mark.parametrize(
    ("where", "said"), [(None, "cynthus up"), ("hello", "cynthus up hello"), ("a b", "cynthus up 'a b'")]
)
def test_a_command_is_shown_as_it_can_be_typed(where: str | None, said: str) -> None:
    assert typed("up", where) == said
