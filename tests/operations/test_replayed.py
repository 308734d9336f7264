from __future__ import annotations

import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cynthus.operations import replayed
from cynthus.operations.interleaved import Lines
from cynthus.operations.replayed import LONGEST, PATIENCE, Replayed

COUNT = 1000


class Screen:
    """What a reader of one host's log sees."""

    def __init__(self, *, patience: float | None = PATIENCE) -> None:
        self.got = bytearray()
        self.mark = Replayed(self.got.extend, patience=patience)

    def attempts(self, *logs: bytes) -> bytes:
        """Each of these is the log of one attempt, in one piece."""
        for place, log in enumerate(logs):
            if place:
                self.mark.next_attempt()
            self.mark(log)
        self.mark.flush()
        return bytes(self.got)

    def news(self, *pieces: bytes) -> bytes:
        """What is shown for these alone."""
        before = len(self.got)
        for piece in pieces:
            self.mark(piece)
        return bytes(self.got[before:])


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def second(screen: Screen) -> Screen:
    """The second attempt; the first has printed `a` and a line of two words."""
    screen.mark(b"a\nlong line\n")
    screen.mark.next_attempt()
    return screen


def lines(first: int, last: int) -> bytes:
    return b"".join(b"%d\n" % number for number in range(first, last + 1))


def unmarked(shown: bytes) -> list[bytes]:
    """The lines that have no mark."""
    return [
        line
        for line in shown.split(b"\n")[:-1]
        if not line.startswith(b"[again] ") and not line.endswith((b" [again]", b" [cut off]"))
    ]


@given(st.binary(max_size=60).map(lambda data: data.replace(b"x", b"\n")), st.lists(st.integers(0, 60), max_size=6))
def test_a_first_attempt_is_shown_as_it_comes_byte_by_byte(data: bytes, cuts: list[int]) -> None:
    screen, begin = Screen(), 0
    for cut in sorted({min(cut, len(data)) for cut in cuts}):
        screen.mark(data[begin:cut])
        begin = cut
        assert screen.got == data[:cut]


def test_a_line_of_an_earlier_attempt_is_marked(screen: Screen) -> None:
    assert screen.attempts(b"1\n2\n", b"2\n3\n") == b"1\n2\n[again] 2\n3\n"


def test_a_line_is_marked_as_often_as_it_was_printed(screen: Screen) -> None:
    assert screen.attempts(b"x\nx\n", b"x\nx\nx\n") == b"x\nx\n[again] x\n[again] x\nx\n"


def test_what_only_the_first_attempt_printed_is_marked_in_the_third(screen: Screen) -> None:
    shown = screen.attempts(b"1\n2\n3\n", b"3\n4\n", b"2\n3\n4\n5\n")
    assert shown.endswith(b"[again] 3\n4\n[again] 2\n[again] 3\n[again] 4\n5\n")


def test_a_line_that_was_printed_twice_by_different_attempts_is_printed_again_once(screen: Screen) -> None:
    assert screen.attempts(b"x\n", b"x\n", b"x\nx\n").endswith(b"[again] x\nx\n")


def test_a_line_that_was_cut_off_is_ended_and_comes_whole_without_a_mark(screen: Screen) -> None:
    assert screen.attempts(b"1\n123", b"1\n12345\n") == b"1\n123 [cut off]\n[again] 1\n12345\n"


def test_a_piece_that_looks_like_a_line_is_none(screen: Screen) -> None:
    assert screen.attempts(b"12", b"12\n") == b"12 [cut off]\n12\n"


def test_what_is_found_yet_of_a_line_that_was_cut_off_shows_it_whole(screen: Screen) -> None:
    screen.mark(b"12")
    screen.mark.cut_off()
    assert screen.news(b"3\n4\n") == b"123\n4\n"


def test_of_a_long_one_only_the_rest_is_shown_then(screen: Screen) -> None:
    screen.mark(b"." * LONGEST + b"12")
    screen.mark.cut_off()
    assert screen.news(b"3\n") == b"3\n"


def test_what_is_found_yet_waits_for_its_end_like_any_line(second: Screen) -> None:
    second.mark(b"12")
    second.mark.cut_off()
    assert second.news(b"3") == b""
    second.mark.flush()
    assert second.got.endswith(b"12 [cut off]\n123")


def test_a_cut_is_told_once(screen: Screen) -> None:
    screen.mark(b"12")
    screen.mark.cut_off()
    screen.mark.cut_off()
    screen.mark.flush()
    screen.mark.next_attempt()
    assert bytes(screen.got) == b"12 [cut off]\n"


def test_in_a_later_attempt_the_beginning_of_a_line_waits_for_its_end(second: Screen) -> None:
    assert (second.news(b"long "), second.news(b"line\n")) == (b"", b"[again] long line\n")


def test_it_does_not_wait_for_long(second: Screen) -> None:
    second.mark(b"new ")
    second.mark.look(1.0)
    assert not second.got.endswith(b"new ")
    second.mark.look(1.0 + PATIENCE)
    assert second.got.endswith(b"new ")
    assert second.news(b"bar\r", b"more", b"\n") == b"bar\rmore\n"


def test_a_line_that_was_shown_before_its_end_has_the_mark_there(second: Screen) -> None:
    second.mark(b"long ")
    second.mark.look(1.0)
    second.mark.look(2.0)
    assert second.news(b"line\n") == b"line [again]\n"


def test_once_nothing_can_be_printed_again_nothing_waits(second: Screen) -> None:
    second.mark(b"a\nlong line\n")
    assert second.news(b"10 %\r") == b"10 %\r"


def test_lines_of_several_hosts_wait_until_they_are_whole() -> None:
    screen = Screen(patience=None)
    screen.mark(b"a\n")
    screen.mark.next_attempt()
    screen.mark(b"b")
    screen.mark.look(0.0)
    screen.mark.look(1000.0)
    assert bytes(screen.got) == b"a\n"


def test_the_mark_comes_after_the_name_of_the_host(screen: Screen) -> None:
    screen.mark.sink = Lines("host-1", screen.got.extend)
    assert screen.attempts(b"a\n", b"a\nb\n") == b"[host-1] a\n[host-1] [again] a\n[host-1] b\n"


def test_what_is_hidden_counts_as_printed(screen: Screen) -> None:
    screen.mark.hidden = True
    screen.mark(b"a\nb")
    screen.mark.next_attempt()
    screen.mark.hidden = False
    assert screen.news(b"a\nb\n") == b"[again] a\nb\n"


@pytest.mark.parametrize("over", [0, 1, 5000])
def test_a_line_that_never_ends_is_shown_and_known_by_its_beginning(second: Screen, over: int) -> None:
    long = b"." * (LONGEST + over)
    assert second.news(long) == long
    second.mark(b"\n")
    second.mark.next_attempt()
    assert second.news(long[:-1], long[-1:], b"\n") == long + b" [again]\n"


def test_a_long_line_that_is_the_last_to_be_printed_again_is_marked_too(screen: Screen) -> None:
    long = b"." * LONGEST
    screen.mark(long + b"\n")
    screen.mark.next_attempt()
    assert screen.news(long, b"\n") == long + b" [again]\n"


def test_only_the_last_lines_are_remembered(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replayed, "KEPT", 3)
    assert screen.attempts(lines(1, 5), lines(2, 3)).endswith(b"5\n2\n[again] 3\n")


def test_of_those_that_were_printed_again_the_later_ones_stay(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replayed, "KEPT", 4)
    assert screen.attempts(lines(1, 4), lines(4, 6), lines(3, 6)).endswith(
        b"[again] 3\n[again] 4\n[again] 5\n[again] 6\n"
    )


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_whatever_is_cut_off_where_each_line_is_there_once_without_a_mark(data: st.DataObject) -> None:
    """A program that counts, is cut off five times at any byte, and goes on from any line before."""
    screen, first = Screen(), 1
    for _ in range(5):
        log = lines(first, COUNT)
        cut = data.draw(st.integers(0, len(log)), "cut")
        shown, begin = log[:cut], 0
        for piece in sorted(data.draw(st.lists(st.integers(0, cut), max_size=4), "pieces")):
            screen.mark(shown[begin:piece])
            begin = piece
            if data.draw(st.booleans(), "waits"):
                screen.mark.look(float(begin))
                screen.mark.look(float(begin) + 1)
        screen.mark(shown[begin:])
        done = first + shown.count(b"\n") - 1
        screen.mark.next_attempt()
        first = data.draw(st.integers(1, max(1, done + 1)), "checkpoint") if done else first
    screen.mark(lines(first, COUNT))
    assert unmarked(bytes(screen.got)) == lines(1, COUNT).split(b"\n")[:-1]


def size(mark: Replayed) -> int:
    """The bytes that it takes, with the numbers in what it counts by."""
    parts = vars(mark).values()
    return sum(map(sys.getsizeof, parts)) + sum(
        sys.getsizeof(key) for part in parts if isinstance(part, Counter) for key in part
    )


def test_a_million_lines_take_no_more_memory_than_those_that_are_remembered(screen: Screen) -> None:
    screen.mark.hidden, sizes = True, []
    for _ in range(2):
        for begin in range(0, 1_000_000, 10_000):
            screen.mark(lines(begin, begin + 9_999))
        sizes.append(size(screen.mark))
        screen.mark.next_attempt()
    assert max(sizes) < 16 << 20
