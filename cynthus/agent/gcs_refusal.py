"""What Google answers whoever saves there, in words: of the bucket as a whole, or of one object."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Any

from cynthus.agent.bucket import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
_ADDRESS = re.compile(r"https?://\S*")
_ROLE = "Storage Object User (roles/storage.objectUser)"
_SCOPE = "insufficient authentication scopes"


class Temporary(Unavailable):
    """The same may work later."""


class Refused(OSError):
    """One object is not taken; `filename` is its address."""


def told(status: int, document: Mapping[str, Any], bucket: str, name: str) -> OSError:
    """The error that stands for an answer."""
    said = _said(document)
    words = f": {said}" if said else ""
    place = f"gs://{bucket}"
    if status == 401:
        return unknown(bucket, f"Google does not know who asks (401){words}")
    if status == 403:
        return Unavailable(errno.EACCES, f"{_why_closed(said)} (403){words}", place)
    if status == 404 and (not name or "bucket" in said):
        return Unavailable(errno.ENOENT, f"there is no such bucket (404){words}", place)
    if status in TEMPORARY:
        what = "it has too much to do" if status in (429, 503) else "it does not work just now"
        return Temporary(errno.EAGAIN, f"{what} ({status}), and is tried again{words}", place)
    return Refused(errno.EINVAL, f"Google does not take it ({status}){words}", f"{place}/{name}" if name else place)


def unknown(bucket: str, why: str) -> Unavailable:
    """That Google does not know who asks."""
    return Unavailable(errno.EACCES, why, f"gs://{bucket}")


def no_token(bucket: str, error: Exception) -> Temporary:
    """That the machine cannot say who it is."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return Temporary(errno.EAGAIN, f"no token of this machine: {why}; it is tried again", f"gs://{bucket}")


def silent(bucket: str, error: Exception) -> OSError:
    """That nobody answers."""
    why = str(error).partition("\n")[0] or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in why:
        # To wait does not help: this machine's clock or its certificates are wrong, or somebody is in between.
        return Unavailable(errno.EPROTO, f"who answers is not Google: {why}", f"gs://{bucket}")
    return Temporary(errno.EAGAIN, f"Google does not answer ({why}), and is tried again", f"gs://{bucket}")


def _why_closed(said: str) -> str:
    if _SCOPE in said:
        return "this machine may not use storage at all: it was made without the scope cloud-platform"
    return f"this machine's service account is not let in: give it the role {_ROLE} on this bucket"


def _said(document: Mapping[str, Any]) -> str:
    """The first line of Google's own words, without addresses: that of an upload lets anybody write."""
    error = document.get("error")
    text = str(error.get("message") or "") if isinstance(error, dict) else ""
    return _ADDRESS.sub("", text.partition("\n")[0])[:200].strip()
