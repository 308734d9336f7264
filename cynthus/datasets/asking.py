"""One question to a place, and its answer: also one that says no."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus import web
from cynthus.errors import DownloadFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = 20.0
"""Seconds for an answer."""
_TRIES = 3
_LONGEST_WAIT = 20.0
_MOST = 64_000_000
"""Bytes of an answer: the list of a million files."""


class Reply(Struct, frozen=True):
    """An answer, whatever its status."""

    status: int
    headers: Any
    body: bytes = b""

    @property
    def document(self) -> Any:
        """The JSON in it; an empty object where there is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


def endpoint(environment: Mapping[str, str], variable: str, usual: str) -> str:
    """Where a place is, by a variable of its library's own.

    Raises:
        DownloadFailed: a token would be shown there to anybody.
    """
    try:
        return web.named(environment, variable, usual)
    except web.UnsafeAddress as unsafe:
        raise DownloadFailed(str(unsafe), hint="name one on this machine, or with https://") from None


def asked(
    address: str, headers: Mapping[str, str] | None = None, *, body: bytes | None = None, limit: int = _MOST
) -> Reply:
    """Ask, and once or twice again where that may help.

    Raises:
        DownloadFailed: there is no answer, or one that says nothing but that something is wrong over there.
    """
    for left in reversed(range(_TRIES)):
        try:
            reply = _once(address, headers, body, limit)
        except (OSError, http.client.HTTPException) as error:
            if left:
                continue
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise DownloadFailed(
                f"{_host(address)} does not answer: {reason}", hint="look at the network, and run the command again"
            ) from None
        wait = web.wait_of(reply.headers) or 0.5
        if reply.status != 429 and reply.status < 500:
            return reply
        if not left or wait > _LONGEST_WAIT:
            raise _busy(address, reply.status, wait)
        time.sleep(wait)
    raise AssertionError("the last try returns or raises")


def _once(address: str, headers: Mapping[str, str] | None, body: bytes | None, limit: int) -> Reply:
    try:
        with web.ask(address, headers, body=body, timeout=PATIENCE) as answer:
            return Reply(answer.status, answer.headers, answer.read(limit))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read(100_000))
    except web.UnsafeRedirect as target:
        raise DownloadFailed(
            f"{address} leads to {target}, over a line that anybody can change",
            hint="name an address that stays with https://",
        ) from None


def _busy(address: str, status: int, wait: float) -> DownloadFailed:
    if status == 429:
        hint = f"it asks to wait: run the command again in {wait:.0f} s"
        return DownloadFailed(f"{_host(address)} was asked too often (429)", hint=hint)
    return DownloadFailed(f"{_host(address)} failed ({status})", hint="run the command again in a while")


def _host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0]
