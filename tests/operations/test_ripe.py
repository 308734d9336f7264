"""Which files come home while their run goes on."""

from __future__ import annotations

import pytest

from cynthus.operations.fetch import Difference
from cynthus.operations.ripe import FIRST, HELD, LONGEST, SMALL, Ripe
from cynthus.targets.connection import FileEntry


def file(path: str, size: int, mtime_ns: int = 1, link: str | None = None) -> FileEntry:
    return FileEntry(path, size, mtime_ns, 0o644, link)


@pytest.fixture
def ripe() -> Ripe:
    return Ripe()


def look(ripe: Ripe, *files: FileEntry, at: float = 0) -> list[str]:
    """The paths of what may come."""
    ripe.begin()
    return [each.path for each in ripe.choose("outputs", Difference(files, files, ()), at).missing]


def test_a_small_file_comes_at_once(ripe: Ripe) -> None:
    assert look(ripe, file("loss.csv", SMALL)) == ["loss.csv"]


def test_so_does_a_link(ripe: Ripe) -> None:
    assert look(ripe, file("latest", 2 * SMALL, link="model")) == ["latest"]


def test_a_larger_one_comes_when_it_was_the_same_in_two_looks(ripe: Ripe) -> None:
    assert look(ripe, file("model", 2 * SMALL)) == []
    assert look(ripe, file("model", 2 * SMALL)) == ["model"]


def test_while_it_is_written_it_waits(ripe: Ripe) -> None:
    look(ripe, file("model", 2 * SMALL))
    assert look(ripe, file("model", 3 * SMALL, 2), at=5) == []


def test_it_does_not_wait_for_ever(ripe: Ripe) -> None:
    look(ripe, file("model", 2 * SMALL))
    assert look(ripe, file("model", 3 * SMALL, 2), at=LONGEST) == ["model"]


def test_what_has_come_begins_to_wait_anew(ripe: Ripe) -> None:
    look(ripe, file("model", 2 * SMALL))
    look(ripe, at=LONGEST)
    assert look(ripe, file("model", 3 * SMALL, 2), at=LONGEST + 1) == []


def test_what_waits_is_not_taken_for_being_at_home(ripe: Ripe) -> None:
    ripe.begin()
    model = file("model", 2 * SMALL)
    assert ripe.choose("outputs", Difference((model,), (model,), ()), 0).waiting == (model,)


def test_two_folders_are_not_mixed_up(ripe: Ripe) -> None:
    model = file("model", 2 * SMALL)
    ripe.begin()
    ripe.choose("outputs", Difference((model,), (model,), ()), 0)
    assert ripe.choose("checkpoints", Difference((model,), (model,), ()), 1).missing == ()


def test_a_round_brings_no_more_than_it_has_room_for(ripe: Ripe) -> None:
    files = [file(name, SMALL) for name in map(str, range(2 * FIRST // SMALL))]
    assert (len(look(ripe, *files)), ripe.left) == (FIRST // SMALL, True)


def test_one_comes_however_large_it_is(ripe: Ripe) -> None:
    look(ripe, file("model", 10 * FIRST))
    assert (look(ripe, file("model", 10 * FIRST)), ripe.left) == (["model"], False)


def test_how_much_room_there_is_is_learnt_from_how_fast_the_last_round_was(ripe: Ripe) -> None:
    ripe.learn(100 * SMALL, seconds=HELD * 10)
    ripe.begin()
    assert ripe.room == 10 * SMALL


def test_one_that_grows_on_and_on_comes_no_sooner_than_after_the_same_time(ripe: Ripe) -> None:
    look(ripe, file("log", 2 * SMALL))
    assert look(ripe, file("log", 3 * SMALL, 2), at=LONGEST) == ["log"]
    assert look(ripe, file("log", 4 * SMALL, 3), at=LONGEST + 5) == []
    assert look(ripe, file("log", 5 * SMALL, 4), at=2 * LONGEST) == ["log"]
