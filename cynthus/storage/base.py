"""What every bucket does. `cynthus.testing.contracts.storage` tries it on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from cynthus.errors import BucketFailed, Overtaken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_KEY = 1024
"""Bytes, as object stores have it."""

ABSENT = ""
"""In the place of a version: there must be nothing."""


class Stored(Struct, frozen=True):
    """One object. What a bucket does not know without reading all of it is None.

    `checksum` is the SHA-256. Of an object that another program put, Google knows only `crc32c`: with the size that is
    enough to tell whether a file was changed, and no proof against somebody who wants to deceive. `version` is another
    one each time that something is put, and only to be compared. `mode` has the permission bits of the file it was,
    and `mtime_ns` when that was changed last, where whoever put it has said so.
    """

    key: str
    size: int
    checksum: str | None = None
    crc32c: int | None = None
    version: str = ABSENT
    mode: int | None = None
    mtime_ns: int | None = None


class Bucket(Protocol):
    """Objects by key. A key is words with `/` between; none begins with a dot, and no word is empty, `.` or `..`.

    Whoever looks sees the object that was there before or the whole new one; a killed writer leaves the former. All of
    it may be called by several threads at once.
    """

    def check(self, key: str) -> None:
        """Say whether an object may have that key. Nothing is asked of the bucket.

        Raises:
            BucketFailed: this bucket takes no such name.
        """

    def put(
        self,
        key: str,
        data: Iterable[bytes],
        *,
        checksum: str | None = None,
        size: int | None = None,
        over: str | None = None,
        mode: int | None = None,
    ) -> Stored:
        """Keep what `data` gives, in the place of what was there; with `over` only if that is the version which is
        there. `size` is for those who know it: much of it goes faster then. Where `data` can be gone through several
        times, it may be.

        Raises:
            Overtaken: another version is there, or something where `over` is ABSENT.
            BucketFailed: it could not be kept, or is not what `checksum` (SHA-256) and `size` say; what was there
                before stays.
        """

    def get(self, key: str, *, offset: int = 0, version: str | None = None) -> Iterator[bytes]:
        """The object from `offset` on, in pieces, all of them of one version.

        Raises:
            Overtaken: it is not the `version` that was asked for, or another one took its place meanwhile.
            BucketFailed: there is none, or it cannot be read, or is not what was put. At the first piece at the latest,
                but for what is found at the end.
        """

    def find(self, key: str) -> Stored | None:
        """The object with its checksum, where the bucket can tell it, or None where there is none.

        Raises:
            BucketFailed: the bucket does not answer.
        """

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """All whose key begins with `prefix` (any text), in order of key. What comes and goes meanwhile may be missed.

        Raises:
            BucketFailed: the bucket does not answer.
        """

    def delete(self, key: str, *, over: str | None = None) -> bool:
        """Whether there was one; with `over` only that version is deleted.

        Raises:
            Overtaken: another version is there.
            BucketFailed: it is there still.
        """


def checked(key: str) -> str:
    """The key, if it is one.

    Raises:
        BucketFailed: no bucket could keep an object there.
    """
    words = key.split("/")
    plain = all(word not in ("", ".", "..") for word in words) and not key.startswith(".") and "\0" not in key
    if not plain or len(key.encode("utf-8", "surrogateescape")) > LONGEST_KEY:
        raise BucketFailed(f"{key!r} cannot be a key of a bucket", hint="give what is kept there a plain name")
    return key


def mismatch(key: str, what: str) -> BucketFailed:
    """That what came is not what was announced; `what` is its checksum or its size."""
    return BucketFailed(f"{key} is not what was to be kept: its {what} differs", hint="send it again")


def overtaken(key: str, place: str) -> Overtaken:
    """That somebody else was faster."""
    return Overtaken(
        f"somebody else has changed {key} in {place} meanwhile",
        hint="run the command again: it begins with what is there now",
    )
