"""What a folder and a bucket had in common when we looked last: path, size, hash and permission bits of each file, with
what tells that neither side has changed since."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from cynthus.files import replace_with

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

SCHEMA = 1


class Sign(Struct, frozen=True, array_like=True):
    """What tells one version of a file here from another."""

    size: int
    mtime_ns: int
    inode: int


def sign_of(found: os.stat_result) -> Sign:
    """That of a file as it was found."""
    return Sign(found.st_size, found.st_mtime_ns, found.st_ino)


class Entry(Struct, frozen=True, array_like=True):
    """One file. `version` is that of its object; `checksum` (SHA-256) is '' where only a crc32c was compared."""

    path: str
    sign: Sign
    mode: int
    checksum: str
    version: str


class _Head(Struct, frozen=True):
    schema: int


class Manifest:
    """The entries by path. One that is lost costs that all is hashed again, and nothing else."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._entries: dict[str, Entry] = {}
        if file is not None:
            self._entries = _read(file)

    def find(self, path: str) -> Entry | None:
        return self._entries.get(path)

    def note(self, entry: Entry) -> None:
        """Known at once; on disk after `keep`."""
        self._entries[entry.path] = entry

    def keep(self, paths: Container[str]) -> None:
        """Write down those of `paths`, and forget the others. A full disk here is no reason to fail: all is compared
        again then."""
        self._entries = {path: entry for path, entry in self._entries.items() if path in paths}
        if self._file is None:
            return
        partial = self._file.with_name(f".{self._file.name}.{os.urandom(4).hex()}.part")
        with suppress(OSError):
            replace_with(self._file, self._lines(), partial=partial)

    def _lines(self) -> Iterator[bytes]:
        """One after the other: there may be 100,000."""
        encode = msgspec.json.Encoder().encode
        yield encode(_Head(SCHEMA)) + b"\n"
        for entry in self._entries.values():
            if _is_text(entry.path):
                yield encode(entry) + b"\n"


def _read(file: Path) -> dict[str, Entry]:
    """All of them; none where the file is not there, or not ours, or damaged."""
    try:
        with open(file, "rb") as stream:
            if msgspec.json.decode(stream.readline(), type=_Head).schema != SCHEMA:
                return {}
            decode = msgspec.json.Decoder(Entry).decode
            return {entry.path: entry for entry in map(decode, stream)}
    except (OSError, ValueError, msgspec.MsgspecError):
        return {}



def _is_text(path: str) -> bool:
    """Whether JSON can have it. A name that is not UTF-8 is not written down, so its file is hashed each time."""
    try:
        return bool(path.encode())
    except UnicodeEncodeError:
        return False
