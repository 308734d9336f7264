from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.core import reference
from cynthus.datasets import asking
from cynthus.datasets.http import WebPlace
from cynthus.errors import DownloadFailed, ReferenceUnknown, TokenNeeded
from cynthus.testing.web import WebServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.core.reference import Description


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as made:
        yield made


def describe(address: str) -> Description:
    return WebPlace().describe(reference.parse(address))


def test_the_size_is_known_before_anything_comes(web: WebServer) -> None:
    assert describe(web.put("/a.csv", b"12345")).size == 5
    assert web.sent <= 1


def test_another_content_has_another_pin(web: WebServer) -> None:
    before = describe(web.put("/a.csv", b"1")).pin
    assert before == describe(web.put("/a.csv", b"1")).pin
    assert before != describe(web.put("/a.csv", b"2")).pin


def test_a_server_that_tells_nothing_apart_gives_no_pin(web: WebServer) -> None:
    web.validators = False
    assert describe(web.put("/a.csv", b"1")).pin == ""


def test_an_empty_file_is_one_too(web: WebServer) -> None:
    assert describe(web.put("/a.csv", b"")).size == 0


def test_what_is_not_there_is_told(web: WebServer) -> None:
    with pytest.raises(ReferenceUnknown, match=r"there is no .*/gone\.csv"):
        describe(f"{web.address}/gone.csv")


@pytest.mark.parametrize("status", [401, 403])
def test_what_is_closed_is_told_with_what_to_do(web: WebServer, status: int) -> None:
    web.fail(status)
    with pytest.raises(TokenNeeded) as caught:
        describe(web.put("/a.csv", b"1"))
    assert "bring the file yourself" in caught.value.hint


def test_a_server_that_fails_once_is_asked_again(web: WebServer) -> None:
    web.fail(502)
    assert describe(web.put("/a.csv", b"1")).size == 1


def test_who_is_told_to_wait_for_minutes_tells_that(web: WebServer) -> None:
    web.fail(429, retry_after="300")
    with pytest.raises(DownloadFailed) as caught:
        describe(web.put("/a.csv", b"1"))
    assert "in 300 s" in caught.value.hint


def test_nobody_there_is_told_with_the_address() -> None:
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1:9 does not answer"):
        describe("http://127.0.0.1:9/a.csv")


def test_one_that_leads_to_an_open_line_is_refused(web: WebServer) -> None:
    with pytest.raises(DownloadFailed, match="anybody can change"):
        describe(web.redirect("/a.csv", "http://198.51.100.1/x"))


def test_one_that_says_nothing_is_given_up(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.1)
    web.latency = 0.5
    with pytest.raises(DownloadFailed, match="does not answer"):
        describe(web.put("/a.csv", b"1"))
