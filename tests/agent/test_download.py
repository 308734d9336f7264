from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import download, failure
from cynthus.testing.web import WebServer, serving
from tests.agent.elsewhere import asking, bring, content, home_at, lying, refusal, sum_of
from tests.state.disks import mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.home import Home

SOME = os.urandom(300_000)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_at(tmp_path)


def test_a_file_has_the_name_of_its_address(home: Home, web: WebServer) -> None:
    one = asking(web.put("/some/my table.csv", SOME).replace(" ", "%20"))
    bring(home, one)
    assert content(home, one) == {"my table.csv": SOME}


def test_it_says_how_much_came(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    assert bring(home, one)[0][1:] == (True, 1, len(SOME))


def test_what_is_here_is_not_asked_for_again(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    bring(home, one)
    web.asked.clear()
    assert bring(home, one)[0][1:] == (False, 1, len(SOME))
    assert web.asked == []


def test_it_is_only_for_reading(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    bring(home, one)
    assert (home.data / one.id / "a.csv").stat().st_mode & 0o777 == 0o444


def test_nothing_but_the_content_stays(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    bring(home, one)
    assert sorted(each.name for each in home.data.iterdir()) == [f".{one.id}.lock", one.id, f"{one.id}.json"]


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_cut_at_any_place_is_gone_on_from(home: Home, web: WebServer, tenth: int) -> None:
    one = asking(web.put("/a.csv", SOME))
    web.cut_after(len(SOME) * tenth // 10, times=1)
    bring(home, one)
    assert content(home, one) == {"a.csv": SOME}
    assert web.sent == len(SOME)


def test_it_may_be_cut_again_and_again(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    web.cut_after(len(SOME) // 10, times=50)
    bring(home, one)
    assert content(home, one) == {"a.csv": SOME}
    assert web.sent == len(SOME)


def test_what_nothing_more_comes_of_is_given_up(tmp_path: Path, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    web.cut_after(0, times=100)
    with pytest.raises(failure.Failure, match="the connection was cut after 0 of 300000") as raised:
        download.download(one, tmp_path / "body", print, sleep=lambda _: None)
    assert raised.value.code == failure.DOWNLOAD


def test_another_command_goes_on_where_one_was_killed(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    part = home.data / f".{one.id}.part"
    part.mkdir(parents=True)
    (part / "body").write_bytes(SOME[:100_000])
    (part / "body.json").write_text(f'{{"validator": "\\"{sum_of(SOME)}\\""}}')
    bring(home, one)
    assert content(home, one) == {"a.csv": SOME}
    assert web.sent == 200_000


def test_the_beginning_of_another_content_is_not_gone_on_from(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    part = home.data / f".{one.id}.part"
    part.mkdir(parents=True)
    (part / "body").write_bytes(b"x" * 1000)
    (part / "body.json").write_text('{"validator": "\\"older\\""}')
    bring(home, one)
    assert content(home, one) == {"a.csv": SOME}


def test_without_a_validator_it_begins_anew(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    web.validators = False
    web.cut_after(100_000, times=1)
    bring(home, one)
    assert content(home, one) == {"a.csv": SOME}


def test_another_content_than_was_shown_is_refused(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME), pin='"older"')
    assert refusal(home, one).code == failure.CONTENT_WRONG
    assert lying(home) == []


def test_a_sum_that_fits_is_enough(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME), sha256=sum_of(SOME), pin='"older"')
    bring(home, one)
    assert content(home, one) == {"a.csv": SOME}


def test_a_wrong_sum_is_told_with_the_right_one(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME), sha256="0" * 64)
    problem = refusal(home, one)
    assert problem.code == failure.CONTENT_WRONG
    assert sum_of(SOME) in problem.message


def test_of_what_has_a_wrong_sum_nothing_stays(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME), sha256="0" * 64)
    refusal(home, one)
    assert [path for path in home.data.rglob("*") if path.is_file() and path.stat().st_size] == []


def test_it_waits_as_long_as_it_is_asked_to(home: Home, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    web.fail(429, retry_after="7", times=2)
    waits: list[float] = []
    home.folder.mkdir(parents=True)
    download.download(one, home.folder / "body", print, sleep=waits.append)
    assert waits == [7, 7]


def test_it_does_not_wait_for_hours(home: Home, web: WebServer) -> None:
    web.fail(429, retry_after="7200")
    problem = refusal(home, asking(web.put("/a.csv", SOME)))
    assert (problem.code, "7200 s" in problem.hint) == (failure.DOWNLOAD, True)


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_server_that_fails_is_asked_again(home: Home, web: WebServer, status: int) -> None:
    one = asking(web.put("/a.csv", SOME))
    web.fail(status, times=1)
    bring(home, one)
    assert content(home, one) == {"a.csv": SOME}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, failure.TOKEN_NEEDED), (403, failure.TOKEN_NEEDED), (404, failure.REFERENCE_UNKNOWN),
        (400, failure.DOWNLOAD),
    ],
)
def test_a_refusal_is_told_at_once(home: Home, web: WebServer, status: int, code: str) -> None:
    web.fail(status, times=9)
    assert refusal(home, asking(web.put("/a.csv", SOME))).code == code
    assert len(web.asked) == 1


def test_a_redirect_is_followed(home: Home, web: WebServer) -> None:
    one = asking(web.redirect("/latest.csv", web.put("/a.csv", SOME)))
    bring(home, one)
    assert content(home, one) == {"latest.csv": SOME}


@pytest.mark.parametrize("target", ["http://198.51.100.1/x", "file:///etc/passwd", "ftp://198.51.100.1/x"])
def test_a_redirect_to_a_line_that_anybody_can_change_is_refused(home: Home, web: WebServer, target: str) -> None:
    problem = refusal(home, asking(web.redirect("/latest.csv", target)))
    assert problem.code == failure.DOWNLOAD
    assert lying(home) == []


def test_nobody_at_the_address_is_told_with_the_address(tmp_path: Path) -> None:
    with pytest.raises(failure.Failure, match=r"nobody answers at 127.0.0.1:9"):
        download.download(asking("http://127.0.0.1:9/x"), tmp_path / "body", print, sleep=lambda _: None)


def test_what_does_not_fit_the_disk_is_not_begun(tmp_path: Path, web: WebServer) -> None:
    with mounted(tmp_path / "small", "size=200k") as disk:
        problem = refusal(home_at(disk), asking(web.put("/a.csv", SOME)))
        assert problem.code == failure.DISK_FULL
        assert lying(home_at(disk)) == []


def test_it_goes_on_once_there_is_room(tmp_path: Path, web: WebServer) -> None:
    one = asking(web.put("/a.csv", SOME))
    with mounted(tmp_path / "small", "size=400k") as disk:
        (disk / "filler").write_bytes(b"0" * 200_000)
        refusal(home_at(disk), one)
        (disk / "filler").unlink()
        bring(home_at(disk), one)
        assert content(home_at(disk), one) == {"a.csv": SOME}
