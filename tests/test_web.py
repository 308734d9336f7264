from __future__ import annotations

import email.utils
import time

import pytest

from cynthus import web
from cynthus.testing.web import WebServer, serving


def test_a_time_to_wait_is_a_number_of_seconds() -> None:
    assert web.wait_of({"Retry-After": "7"}) == 7


def test_a_time_to_wait_may_be_a_date() -> None:
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 28 < (web.wait_of({"Retry-After": date}) or 0) <= 30


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}])
def test_nobody_waits_for_what_makes_no_sense(headers: dict[str, str]) -> None:
    assert web.wait_of(headers) is None


@pytest.mark.parametrize(
    ("headers", "size"),
    [({"Content-Length": "12"}, 12), ({"Content-Range": "bytes 0-0/345", "Content-Length": "1"}, 345), ({}, None)],
)
def test_the_size_is_that_of_the_whole(headers: dict[str, str], size: int | None) -> None:
    assert web.size_of(headers) == size


def test_a_weak_validator_is_not_good_for_a_range() -> None:
    headers = {"ETag": 'W/"a"', "Last-Modified": "then"}
    assert (web.validator(headers), web.validator(headers, for_range=True)) == ('W/"a"', "then")


def test_no_token_goes_to_another_server() -> None:
    with serving(WebServer()) as first, serving(WebServer()) as second:
        address = first.redirect("/a", second.put("/a", b"1"))
        with web.ask(address, {"Authorization": "Bearer secret"}) as answer:
            assert answer.read() == b"1"
        assert "authorization" in first.asked[0].headers
        assert "authorization" not in second.asked[0].headers


def test_it_stays_with_the_same_server() -> None:
    with serving(WebServer()) as first:
        address = first.redirect("/a", first.put("/b", b"1"))
        with web.ask(address, {"Authorization": "Bearer secret"}):
            assert "authorization" in first.asked[1].headers


def test_a_redirect_out_of_this_machine_needs_https() -> None:
    with serving(WebServer()) as server:
        address = server.redirect("/a", "http://198.51.100.1/x")
        with pytest.raises(web.UnsafeRedirect, match=r"198\.51\.100\.1"):
            web.ask(address)


@pytest.mark.parametrize("address", [
    "http://192.0.2.1", "http://localhost.example.com", "http://127.0.0.1@192.0.2.1", "ftp://localhost", "localhost",
    "http://[::1",
])
def test_a_service_is_not_asked_over_a_line_that_anybody_can_change(address: str) -> None:
    with pytest.raises(web.UnsafeAddress, match="THERE is"):
        web.named({"THERE": address}, "THERE", "https://example.com")


@pytest.mark.parametrize(("said", "address"), [
    ("", "https://example.com"), ("https://mirror/", "https://mirror"), ("http://localhost:80", "http://localhost:80"),
])
def test_a_service_is_where_the_variable_says(said: str, address: str) -> None:
    assert web.named({"THERE": said}, "THERE", "https://example.com") == address


def test_a_password_in_the_address_of_a_service_is_not_repeated() -> None:
    with pytest.raises(web.UnsafeAddress) as caught:
        web.named({"THERE": "http://me:secret@192.0.2.1"}, "THERE", "https://example.com")
    assert "secret" not in str(caught.value)
