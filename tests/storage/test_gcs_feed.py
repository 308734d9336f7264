from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as some

from cynthus.storage.gcs_feed import Feed, SourceFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = bytes(range(250)) * 4


def taken(feed: Feed, begin: int, end: int) -> bytes:
    return b"".join(feed.pieces(begin, end))


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


@given(some.lists(some.integers(0, 400), max_size=8), some.integers(0, len(DATA)), some.integers(0, len(DATA)))
def test_what_was_given_can_be_given_again(sizes: list[int], sent: int, kept: int) -> None:
    feed = Feed(cut(DATA, sizes), window=len(DATA))
    taken(feed, 0, sent)
    kept = min(kept, sent)
    assert feed.begins_at(kept)
    assert taken(feed, kept, len(DATA)) == DATA[kept:]


def test_a_piece_that_is_large_is_given_in_small_ones() -> None:
    feed = Feed([b"x" * 3_000_000], window=0)
    assert [len(piece) for piece in feed.pieces(0, 3_000_000)] == [1 << 20, 1 << 20, 3_000_000 - (2 << 20)]


def test_only_the_window_is_kept() -> None:
    feed = Feed((b"x" * 100 for _ in range(50)), window=1000)
    taken(feed, 0, 5000)
    assert [feed.begins_at(offset) for offset in (3900, 4000, 5000)] == [False, True, True]


def test_what_is_not_needed_any_more_is_forgotten() -> None:
    feed = Feed((b"x" * 100 for _ in range(50)), window=1000)
    feed.fill(5000)
    feed.forget(2500)
    assert (feed.begins_at(2400), feed.begins_at(2500)) == (False, True)


def test_the_last_piece_is_given_only_when_the_source_has_ended_well() -> None:
    def source() -> Iterator[bytes]:
        yield b"a"
        yield b"b"
        raise OSError

    given: list[bytes] = []
    with pytest.raises(SourceFailed) as caught:
        given.extend(bytes(piece) for piece in Feed(source(), window=10).pieces(0, 2))
    assert (given, type(caught.value.__cause__)) == ([b"a"], OSError)


def test_nothing_at_all_is_given_as_nothing() -> None:
    feed = Feed([], window=10)
    feed.fill(1)
    assert (feed.ended, feed.end, taken(feed, 0, 10)) == (True, 0, b"")


def test_what_is_not_kept_any_more_is_not_given_as_if_it_were() -> None:
    feed = Feed((b"x" * 100 for _ in range(50)), window=1000)
    taken(feed, 0, 5000)
    with pytest.raises(requests.ConnectionError, match="not kept any more"):
        taken(feed, 0, 5000)
