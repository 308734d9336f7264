from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cynthus.core.leftover import Leftover
from cynthus.operations.spool import spool

if TYPE_CHECKING:
    from pathlib import Path


def leftover(number: int) -> Leftover:
    return Leftover("secret", f"s-{number}", "global", "weather-1a2b3c", f"p/{number}", "1", goes=True, why="ä\nö")


def test_what_was_found_is_read_as_it_was_in_its_order(tmp_path: Path) -> None:
    with spool(tmp_path) as kept:
        for number in range(3):
            kept.add(leftover(number))
        assert list(kept) == [leftover(number) for number in range(3)]


def test_two_go_through_it_each_by_itself(tmp_path: Path) -> None:
    with spool(tmp_path) as kept:
        for number in range(3):
            kept.add(leftover(number))
        first = iter(kept)
        assert [next(first), *islice(kept, 2), next(first)] == [leftover(number) for number in (0, 0, 1, 1)]


def test_nothing_stays_of_it(tmp_path: Path) -> None:
    with spool(tmp_path / "state") as kept:
        kept.add(leftover(0))
        assert list((tmp_path / "state").iterdir()) == []
