from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from cynthus.terraform.tail import CHUNK, Tail

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_comes_once_it_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with open(file, "wb", buffering=0) as writer, open(file, "rb") as reader:
        tail, seen = Tail(reader), []
        for part in (b"on", b"e\ntw", b"o\n\n"):
            writer.write(part)
            seen.append(list(tail.lines()))
    assert seen == [[], [b"one"], [b"two", b""]]


def test_what_has_no_end_is_the_rest() -> None:
    tail = Tail(io.BytesIO(b"one\ntwo"))
    assert (list(tail.lines()), tail.rest(), tail.rest()) == ([b"one"], b"two", b"")


def test_a_line_may_be_longer_than_what_is_read_at_once() -> None:
    long = b"x" * (3 * CHUNK)
    assert list(Tail(io.BytesIO(long + b"\n" + long + b"\n")).lines()) == [long, long]


@given(st.lists(st.binary()))
def test_nothing_is_lost_or_made_up(parts: list[bytes]) -> None:
    text = b"".join(parts)
    tail = Tail(io.BytesIO(text))
    assert b"\n".join([*tail.lines(), tail.rest()]) == text
