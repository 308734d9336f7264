"""Asking a web server, as both halves do it.

Standard library only: the host agent carries this module too.
"""

from __future__ import annotations

import email.utils
import re
import time
import urllib.error
import urllib.request
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|::1")
_PLAIN = {"User-Agent": "cynthus", "Accept-Encoding": "identity"}


class UnsafeRedirect(Exception):
    """A server sends us from a safe line to one that anybody can change; the text says where."""


class UnsafeAddress(ValueError):
    """A variable names a server over a line that anybody can change; the text says which."""


def ask(
    address: str, headers: Mapping[str, str] | None = None, *, body: bytes | None = None, timeout: float = 60,
    method: str | None = None,
) -> Any:
    """The answer to a request, a context manager. With a body it is a POST and without one a GET, unless it is said.

    Raises:
        urllib.error.HTTPError: it is an error's; to be closed.
        OSError, http.client.HTTPException: there is none.
        UnsafeRedirect: it is elsewhere, where nobody should look.
    """
    headers = {**_PLAIN, **(headers or {})}
    request = urllib.request.Request(address, body, headers, method=method)  # noqa: S310 - https, or this machine
    return urllib.request.build_opener(_Careful()).open(request, timeout=timeout)


def is_local(address: str) -> bool:
    """Whether an address is one of this machine alone."""
    return _LOOPBACK.fullmatch(urlsplit(address).hostname or "") is not None


def is_safe(address: str) -> bool:
    """Whether nobody on the way can read or change what is said there: a token may be shown."""
    try:
        return urlsplit(address).scheme == "https" or (urlsplit(address).scheme == "http" and is_local(address))
    except ValueError:
        return False


def named(environment: Mapping[str, str], variable: str, usual: str) -> str:
    """Where a service is: where the variable says, else where it always is.

    Raises:
        UnsafeAddress: it would be asked over a line that anybody can change.
    """
    address = (environment.get(variable) or usual).strip().rstrip("/")
    if not is_safe(address):
        # A password may stand before the name.
        raise UnsafeAddress(f"{variable} is {address.rpartition('@')[2]}, over a line that anybody can change")
    return address


def validator(headers: Any, *, for_range: bool = False) -> str:
    """What tells a content from a later one; '' where the server does not. Only a strong one is good for a range."""
    tag = str(headers.get("ETag") or "")
    if tag and not (for_range and tag.startswith("W/")):
        return tag
    return str(headers.get("Last-Modified") or "")


def wait_of(headers: Any) -> float | None:
    """The seconds that a Retry-After header asks for; None where it says nothing."""
    said = headers.get("Retry-After")
    if said is None:
        return None
    if said.strip().isdecimal():
        return float(said)
    with suppress(TypeError, ValueError):
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    return None


def size_of(headers: Any) -> int | None:
    """The bytes of the whole content, also where a part of it comes."""
    text = str(headers.get("Content-Range") or headers.get("Content-Length") or "").rpartition("/")[2]
    return int(text) if text.isdecimal() else None


class _Careful(urllib.request.HTTPRedirectHandler):
    """Follows a redirect that is safe, and takes no token to another server."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        parts = urlsplit(newurl)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_local(req.full_url) and is_local(newurl))
        if not safe:
            fp.close()
            raise UnsafeRedirect(f"{parts.scheme}://{parts.netloc}")
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        if made is not None and urlsplit(req.full_url).netloc != parts.netloc:
            made.remove_header("Authorization")
        return made
