"""What every bucket does. `cynthus.testing.contracts.storage` tries it on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from cynthus.errors import BucketFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_KEY = 1024
"""Bytes, as object stores have it."""


class Stored(Struct, frozen=True):
    """One object: its bytes, and the SHA-256 of them, None where listing does not tell."""

    key: str
    size: int
    checksum: str | None = None


class Bucket(Protocol):
    """Objects by key. A key is words with `/` between; none begins with a dot, and no word is empty, `.` or `..`.

    Whoever looks sees the object that was there before or the whole new one; a killed writer leaves the former.
    """

    def put(self, key: str, data: Iterable[bytes], *, checksum: str | None = None) -> Stored:
        """Keep what `data` gives, in the place of what was there.

        Raises:
            BucketFailed: it could not be kept, or is not what `checksum` (SHA-256) says; what was there before stays.
        """

    def get(self, key: str, *, offset: int = 0) -> Iterator[bytes]:
        """The object from `offset` on, in pieces.

        Raises:
            BucketFailed: there is none, or it cannot be read. At the first piece at the latest.
        """

    def find(self, key: str) -> Stored | None:
        """The object with its checksum, or None where there is none.

        Raises:
            BucketFailed: the bucket does not answer.
        """

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """All whose key begins with `prefix` (any text), in order of key. What comes and goes meanwhile may be missed.

        Raises:
            BucketFailed: the bucket does not answer.
        """

    def delete(self, key: str) -> bool:
        """Whether there was one.

        Raises:
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
