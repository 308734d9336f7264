"""What Google answers in place of a result, in our words."""

from __future__ import annotations

import re

from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError, TransportError
from msgspec import Struct

from cynthus.errors import BucketFailed, CynthusError, NotLoggedIn
from cynthus.storage.base import overtaken

_ADDRESS = re.compile(r"(?:(?:GET|POST|PUT|PATCH|DELETE) )?(?:https?://|/)\S*storage/v1\S*\s?")
_NO_BUCKET = "bucket does not exist"


def told(error: Exception, bucket: str, key: str, login: str) -> CynthusError:
    """The error for who uses the bucket. `login` says how to log in."""
    place = f"gs://{bucket}"
    if isinstance(error, GoogleAPICallError):
        answer = _Answer(_first(error), int(error.code or 0), place, key, login)
        return _ANSWERS.get(answer.code, _refused)(answer)
    if isinstance(error, GoogleAuthError) and not isinstance(error, TransportError):
        return NotLoggedIn(f"Google does not take the credentials for {place}: {_first(error)}", hint=login)
    return BucketFailed(
        f"{place} does not answer: {type(error).__name__}",
        hint="look at the connection to the internet, and at HTTPS_PROXY where there is a proxy; then run it again",
        details=[_first(error)],
    )


def no_object(error: Exception) -> bool:
    """Whether the bucket is there, and no such object in it."""
    return isinstance(error, GoogleAPICallError) and error.code == 404 and _NO_BUCKET not in error.message


def conflict(error: Exception) -> bool:
    """Whether a precondition did not hold."""
    return isinstance(error, GoogleAPICallError) and error.code == 412


class _Answer(Struct, frozen=True):
    text: str
    code: int
    place: str
    key: str
    login: str


def _unknown_caller(it: _Answer) -> CynthusError:
    why = "the token is wrong or has expired"
    return NotLoggedIn(f"Google does not know who asks for {it.place}: {why}", hint=it.login)


def _forbidden(it: _Answer) -> CynthusError:
    return BucketFailed(
        f"{it.place} does not let you in: {it.text}",
        hint="is the name right? names of buckets are shared by all of Google's customers. If it is, ask its owner for "
        "the role roles/storage.objectUser (to read: roles/storage.objectViewer), or log in as somebody else: "
        + it.login,
    )


def _missing(it: _Answer) -> CynthusError:
    if _NO_BUCKET in it.text:
        make = f"`gcloud storage buckets create {it.place}` makes it"
        return BucketFailed(f"there is no bucket {it.place}", hint=f"is the name right? {make}")
    look = f"`gcloud storage ls --recursive {it.place}`"
    return BucketFailed(f"{it.key} is not in {it.place}", hint=f"look at what is there: {look}")


def _conflicting(it: _Answer) -> CynthusError:
    return overtaken(it.key, it.place)


def _busy(it: _Answer) -> CynthusError:
    return BucketFailed(
        f"{it.place} has too much to do, or you are over its quota: {it.text}",
        hint="run it again in some minutes; what is there stays and is not sent again",
    )


def _refused(it: _Answer) -> CynthusError:
    what = f"{it.key} in {it.place}" if it.key else it.place
    return BucketFailed(
        f"{what}: Google answers {it.code}: {it.text}",
        hint="mend what it says and run it again; what is there stays and is not sent again",
    )


_ANSWERS = {401: _unknown_caller, 403: _forbidden, 404: _missing, 412: _conflicting, 429: _busy}


def _first(error: Exception) -> str:
    """The first line of what it says, without the addresses that were asked: that of an upload lets anybody write."""
    text = getattr(error, "message", None) or (error.args[0] if error.args else "")
    return _ADDRESS.sub("", str(text).partition("\n")[0])[:300].strip() or type(error).__name__
