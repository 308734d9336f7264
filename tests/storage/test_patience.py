from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from google.api_core.exceptions import Forbidden, ServiceUnavailable
from google.auth.exceptions import RefreshError, TransportError
from urllib3.exceptions import ProtocolError

from cynthus.storage.patience import Patience, Waiting, asked_for, patiently, temporary

QUICK = Patience(seconds=0.2, first=0.001, longest=0.002)


def answered(retry_after: str) -> Exception:
    response = requests.Response()
    response.headers["Retry-After"] = retry_after
    return ServiceUnavailable("later", response=response)


def failing(*errors: Exception) -> list[Exception]:
    return list(errors)


@pytest.mark.parametrize("text", ["", "soon", "-3", "1.5"])
def test_a_pause_that_makes_no_sense_is_none(text: str) -> None:
    assert asked_for(answered(text)) == 0


def test_a_pause_is_told_in_seconds() -> None:
    assert asked_for(answered("7")) == 7


def test_a_pause_is_told_by_its_end() -> None:
    end = datetime.now(UTC) + timedelta(seconds=30)
    assert 25 < asked_for(answered(format_datetime(end, usegmt=True))) <= 30


def test_an_end_that_is_over_is_no_pause() -> None:
    assert asked_for(answered("Wed, 21 Oct 2015 07:28:00 GMT")) == 0


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (ServiceUnavailable("x"), True),
        (requests.ConnectionError(), True),
        (requests.ReadTimeout(), True),
        (ProtocolError("x"), True),
        (TransportError("x"), True),
        (Forbidden("x"), False),
        (RefreshError("x"), False),
        (requests.exceptions.InvalidURL(), False),
    ],
)
def test_what_may_work_later_is_told_from_what_does_not(error: Exception, passes: bool) -> None:  # noqa: FBT001
    assert temporary(error) is passes


def test_what_fails_for_a_while_is_tried_until_it_works() -> None:
    errors = [ServiceUnavailable("x"), requests.ConnectionError()]

    def ask() -> str:
        if errors:
            raise errors.pop()
        return "done"

    assert patiently(QUICK, ask) == "done"


def test_what_never_works_is_given_up() -> None:
    def ask() -> str:
        raise ServiceUnavailable("x")

    with pytest.raises(ServiceUnavailable):
        patiently(QUICK, ask)


def test_what_does_not_pass_is_not_tried_again() -> None:
    tried: list[int] = []

    def ask() -> str:
        tried.append(1)
        raise Forbidden("x")

    with pytest.raises(Forbidden):
        patiently(QUICK, ask)
    assert len(tried) == 1


def test_a_pause_that_is_longer_than_the_time_left_is_not_waited_for() -> None:
    with pytest.raises(ServiceUnavailable):
        Waiting(QUICK).again(answered("3600"))


def test_what_gets_on_has_time_again() -> None:
    waiting = Waiting(Patience(seconds=0.0, first=0.0))
    with pytest.raises(ServiceUnavailable):
        waiting.again(ServiceUnavailable("x"))
    waiting = Waiting(QUICK)
    for _ in range(300):
        waiting.again(ServiceUnavailable("x"))
        waiting.moved()
    assert waiting.tries == 300
