"""How long a bucket on the network is waited for when it does not answer, or has too much to do."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError, TransportError
from msgspec import Struct
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")

FAILURES = (GoogleAPICallError, GoogleAuthError, requests.RequestException, HTTPError)
"""What requests to Google fail with."""

_TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
_BROKEN = (
    TransportError, requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, HTTPError,
)  # fmt: skip


class Patience(Struct, frozen=True):
    """Seconds: how long nothing may get on until we give up, and the first and the longest pause between two tries. A
    server that asks for a longer pause gets it, if that is within the time."""

    seconds: float = 120.0
    first: float = 0.5
    longest: float = 30.0


PATIENT = Patience()


class Waiting:
    """The tries of one request."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.tries = 0
        self.moved()

    def moved(self) -> None:
        """It gets on: begin to wait anew."""
        self._pause = self._patience.first
        self._until = time.monotonic() + self._patience.seconds

    def again(self, error: Exception) -> None:
        """Wait for as long as makes sense before the next try.

        Raises:
            Exception: the error, where waiting does not help, or was long enough.
        """
        # Not all at the same moment: there are other threads and other machines.
        pause = asked_for(error) or self._pause * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        if not temporary(error) or time.monotonic() + pause > self._until:
            raise error
        time.sleep(pause)
        self.tries += 1
        self._pause = min(2 * self._pause, self._patience.longest)


def patiently(patience: Patience, ask: Callable[[], Found]) -> Found:
    """What `ask` gives, at the first try that works.

    Raises:
        Exception: what the last try failed with, one of FAILURES.
    """
    waiting = Waiting(patience)
    while True:
        try:
            return ask()
        except FAILURES as error:
            waiting.again(error)


def temporary(error: Exception) -> bool:
    """Whether the same may work later."""
    if isinstance(error, GoogleAPICallError):
        return error.code in _TEMPORARY
    return isinstance(error, _BROKEN)


def asked_for(error: Exception) -> float:
    """The seconds of Retry-After, 0 where there is none or it makes no sense."""
    response = getattr(error, "response", None)
    text = "" if response is None else response.headers.get("Retry-After", "")
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
