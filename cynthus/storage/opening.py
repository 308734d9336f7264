"""From an address such as `gs://bucket/prefix` to a bucket, with an error that says what to install."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cynthus.errors import ExtraMissing, UsageError
from cynthus.storage.local import LocalBucket

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.storage.base import Bucket
    from cynthus.storage.gcs import GcsBucket, Login

SCHEME = "gs://"
_FOLDER = "file://"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


class Address(NamedTuple):
    """A place in a bucket. The prefix is '' for all of it, else it ends with a slash."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}"


def parsed(text: str) -> Address:
    """The address that `text` is.

    Raises:
        UsageError: it is none.
    """
    name, _, prefix = text.removeprefix(SCHEME).partition("/")
    words = prefix.rstrip("/").split("/") if prefix.strip("/") else []
    if not text.startswith(SCHEME) or not _NAME.fullmatch(name) or any(word in ("", ".", "..") for word in words):
        raise UsageError(f"{text!r} is no place in a bucket of Google", hint="write it as gs://bucket/folder")
    return Address(name, "".join(f"{word}/" for word in words))


def opened(address: str, login: Callable[[], Login], *, endpoint: str = "") -> tuple[Bucket, str]:
    """The bucket at an address as `bucket:` of cynthus.yaml has it, and the prefix in it.

    Raises:
        UsageError: it is no such address.
        ExtraMissing, NotLoggedIn: as `gcs_bucket`.
    """
    if address.startswith(_FOLDER):
        return LocalBucket(Path(address.removeprefix(_FOLDER))), ""
    place = parsed(address)
    return gcs_bucket(place.bucket, login, endpoint=endpoint), place.prefix


def gcs_bucket(name: str, login: Callable[[], Login], *, threads: int = 0, endpoint: str = "") -> GcsBucket:
    """The bucket of Google that has this name; `login` is asked who we are. `endpoint` is as that of GcsBucket.

    Raises:
        ExtraMissing: the extra `gcp` is not installed.
        NotLoggedIn: there are no credentials.
    """
    try:
        # It takes half a second, and most deployments have no bucket.
        from cynthus.storage.gcs import THREADS, GcsBucket

        return GcsBucket(name, login(), threads=threads or THREADS, endpoint=endpoint)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("google", "google_crc32c", "requests", "urllib3"):
            raise
        raise ExtraMissing(
            f"{SCHEME}{name} needs a package that is not installed: {error.name}",
            hint="run `pip install 'cynthus[gcp]'` in the environment of Cynthus",
        ) from None
