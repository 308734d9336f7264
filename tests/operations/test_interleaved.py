from __future__ import annotations

from cynthus.operations.interleaved import LONGEST, Lines


def shown(*pieces: bytes) -> bytes:
    got = bytearray()
    lines = Lines("host-1", got.extend)
    for piece in pieces:
        lines(piece)
    return bytes(got)


def test_each_line_has_the_name_of_its_host() -> None:
    assert shown(b"a\nb\n") == b"[host-1] a\n[host-1] b\n"


def test_a_line_that_comes_in_pieces_is_one() -> None:
    assert shown(b"a", b"b\nc") == b"[host-1] ab\n"


def test_a_last_line_without_an_end_is_shown_when_nothing_more_comes() -> None:
    got = bytearray()
    lines = Lines("host-1", got.extend)
    lines(b"a")
    lines.flush()
    lines.flush()
    assert bytes(got) == b"[host-1] a\n"


def test_a_line_that_never_ends_is_not_kept_back_for_ever() -> None:
    assert len(shown(b"." * (LONGEST + 1))) == LONGEST + 1 + len("[host-1] \n")
