"""What goes wrong between Google Cloud Storage and a host: what is tried again, and how the rest is told."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, TypeVar

from cynthus import web
from cynthus.agent.failure import CONTENT_WRONG, DISK_FULL, DOWNLOAD, REFERENCE_UNKNOWN, TOKEN_NEEDED, Failure

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

Found = TypeVar("Found")

TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105 - a name
_TRIES = 6
"""How often in a row nothing may arrive."""
_LONGEST_WAIT = 900.0
"""Seconds. Who is asked to wait longer should know, and come back."""
_TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
_AGAIN = "run the command again: what has arrived stays"
_LOG_IN = "`gcloud auth application-default login`"
_ROLE = "storage.objects.list and storage.objects.get (roles/storage.objectViewer has both)"


class Stopped(Exception):
    """Something else has failed, so nobody waits for this any more."""


def troubles() -> tuple[type[Exception], ...]:
    """What the library and those below it throw where something goes wrong outside of them."""
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError
    from urllib3.exceptions import HTTPError

    # What requests throws is an OSError.
    return (GoogleAPICallError, GoogleAuthError, HTTPError, OSError)


class Tries:
    """How often and when something is tried again; `stop` is set once nobody waits for it any more."""

    def __init__(
        self, asked: Mapping[str, Any], stop: threading.Event, sleep: Callable[[float], object]
    ) -> None:
        self._asked = asked
        self._stop = stop
        self._sleep = sleep

    def until_it_works(self, attempt: Callable[[], Found], arrived: Callable[[], int] = lambda: 0) -> Found:
        """What `attempt` gives. `arrived` tells how far it is, so that one that gets on is not given up.

        Raises:
            Failure: it does not work.
            Stopped: nobody waits for it any more.
        """
        left = _TRIES
        while True:
            self.insist_on_going_on()
            before = arrived()
            try:
                return attempt()
            except troubles() as error:
                grown = arrived() > before
                left = _TRIES if grown else left - 1
                pause = _asked_for(error)
                if not _is_temporary(error) or not left or (pause or 0) > _LONGEST_WAIT:
                    raise told(error, self._asked, pause) from None
                self._sleep(pause if pause is not None else 0.1 if grown else 2.0 ** (_TRIES - left) / 4)

    def insist_on_going_on(self) -> None:
        """Raises: Stopped."""
        if self._stop.is_set():
            raise Stopped


def _status(error: Exception) -> int | None:
    code = getattr(error, "code", None)
    return int(code) if isinstance(code, int) else None


def _is_temporary(error: Exception) -> bool:
    status = _status(error)
    if status is not None:
        return status in _TEMPORARY
    if _is_of_credentials(error) or _leads_elsewhere(error):
        return False
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        # It is a file's.
        return False
    return getattr(error, "errno", None) not in (errno.ENOSPC, errno.EDQUOT)


def _is_of_credentials(error: Exception) -> bool:
    """Whether there is no new token."""
    from google.auth.exceptions import GoogleAuthError, TransportError

    return isinstance(error, GoogleAuthError) and not isinstance(error, TransportError)


def _leads_elsewhere(error: Exception) -> bool:
    """Whether the answer was a redirect, which nobody follows."""
    from requests.exceptions import TooManyRedirects

    return isinstance(error, TooManyRedirects)


def _asked_for(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None)
    return web.wait_of(headers) if headers is not None else None


def told(error: Exception, asked: Mapping[str, Any], pause: float | None = None) -> Failure:
    """What went wrong, in our own words: nobody promises that the library's have no token in them."""
    text, status = asked["text"], _status(error)
    if status in (401, 403) or _is_of_credentials(error):
        return _refused(text, status, with_token=bool(asked["tokens"].get(TOKEN)))
    if status == 404 and "bucket does not exist" in str(error):
        return Failure(f"{text}: there is no such bucket", hint="is the name right?", code=REFERENCE_UNKNOWN)
    if status in (404, 412):
        return changed(text)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(f"{text} does not fit on the disk", hint=f"make room on that disk and {_AGAIN}", code=DISK_FULL)
    if _leads_elsewhere(error):
        return Failure(
            f"{text}: the answer leads to another address, and none but Google's is asked",
            hint="something on the way answers in Google's place: see whether the host's network wants a login first",
            code=DOWNLOAD,
        )
    reason = f"{status}" if status else type(error).__name__
    hint = _AGAIN if pause is None else f"it asks to wait {pause:.0f} s: {_AGAIN}"
    return Failure(f"{text} could not be fetched: {reason}", hint=hint, code=DOWNLOAD)


def changed(text: str) -> Failure:
    """It is not any more what was shown before anybody said yes."""
    return Failure(f"{text} was changed since it was looked at", hint="run the command again", code=CONTENT_WRONG)


def _refused(text: str, status: int | None, *, with_token: bool) -> Failure:
    if status == 401 and with_token:
        return Failure(
            f"{text}: Google does not take the token any more (401), which lasts an hour",
            hint=f"{_AGAIN}, and a new token comes with it. Where {TOKEN} is set, set it to a new one first: "
            "`gcloud auth print-access-token` prints one",
            code=TOKEN_NEEDED,
        )
    if status == 403:
        hint = f"ask its owner for {_ROLE}, or log in as somebody else: {_LOG_IN}"
        return Failure(f"{text}: Google does not let this host in (403)", hint=hint, code=TOKEN_NEEDED)
    return Failure(
        f"{text} is not given to everybody (401)", code=TOKEN_NEEDED,
        hint=f"log in where Cynthus runs ({_LOG_IN}, or `export {TOKEN}=...`), and {_AGAIN}",
    )
