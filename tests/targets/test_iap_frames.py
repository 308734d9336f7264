"""The frames of Google's relay, byte by byte as other programs that speak with it have them."""

from __future__ import annotations

import pytest

from cynthus.targets.iap import frames
from cynthus.targets.iap.books import Books
from cynthus.targets.iap.frames import Ack, Broken, Closed, Data, Session
from cynthus.targets.iap.place import Machine, connect, reconnect

MACHINE = Machine("lab", "us-central1-a", "demo-host-0")


def test_data_has_a_tag_and_its_length() -> None:
    assert frames.data(b"hello").hex(" ") == "00 04 00 00 00 05 68 65 6c 6c 6f"


def test_what_was_received_is_a_number_of_eight_bytes() -> None:
    assert frames.ack(0x0102030405).hex(" ") == "00 07 00 00 00 01 02 03 04 05"


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        ("00 01 00 00 00 03 61 62 63", Session("abc")),
        ("00 02 00 00 00 00 00 00 01 00", Ack(256, renewed=True)),
        ("00 04 00 00 00 02 68 69", Data(memoryview(b"hi"))),
        ("00 04 00 00 00 02 68 69 21", Data(memoryview(b"hi"))),
        ("00 07 ff ff ff ff ff ff ff ff", Ack(2**64 - 1)),
        ("00 0a 00 00 0f c1 00 00 00 02 6e 6f", Closed(4033, "no")),
        ("00 05 00 00 00 00 00 00 00 01", None),
    ],
)
def test_a_message_is_read_as_what_it_is(message: str, frame: object) -> None:
    assert frames.read(bytes.fromhex(message)) == frame


@pytest.mark.parametrize(
    "message", ["", "00", "00 04", "00 04 00 00 00 02 68", "00 07 00", "00 01 00 00 00 01", "00 01 00 00 00 01 ff",
                "00 0a 00 00 0f c1 00 00 00 03 6e"]
)  # fmt: skip
def test_one_that_is_cut_short_is_refused(message: str) -> None:
    with pytest.raises(Broken, match="cut short"):
        frames.read(bytes.fromhex(message))


def test_a_machine_is_named_as_google_names_it() -> None:
    assert connect("wss://x/v4", MACHINE) == (
        "wss://x/v4/connect?project=lab&zone=us-central1-a&instance=demo-host-0&interface=nic0&port=22&newWebsocket=True"
    )


def test_a_session_is_found_again_by_its_word_and_what_was_received() -> None:
    assert reconnect("wss://x/v4", MACHINE, "a+b/c", 77) == (
        "wss://x/v4/reconnect?sid=a%2Bb%2Fc&ack=77&newWebsocket=True&zone=us-central1-a"
    )


def test_more_than_a_window_goes_in_several_frames() -> None:
    assert [len(piece) for piece in Books().send(bytes(40_000))] == [16384, 16384, 7232]


def test_nothing_is_confirmed_before_more_than_two_windows_came() -> None:
    books = Books()
    books.take(32768)
    assert not books.due
    books.take(1)
    assert (books.due, books.tell(), books.due) == (True, 32769, False)


def test_what_is_confirmed_is_not_sent_again_not_even_a_part_of_it() -> None:
    books = Books()
    books.send(b"abcdefgh")
    books.send(b"ij")
    books.confirm(3)
    assert (books.again(), books.unconfirmed) == ((b"defgh", b"ij"), 7)
    books.confirm(9)
    assert books.again() == (b"j",)


@pytest.mark.parametrize("total", [2, 11])
def test_fewer_than_before_or_more_than_was_sent_cannot_be_confirmed(total: int) -> None:
    books = Books()
    books.send(b"abcdefghij")
    books.confirm(3)
    with pytest.raises(Broken, match=f"{total} bytes are confirmed"):
        books.confirm(total)
