"""A folder as a bucket: objects are plain files, at the path that is their key. It may be a share of a network."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cynthus.errors import BucketFailed
from cynthus.files import replace_with
from cynthus.storage.base import Stored, checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

UPLOADS = ".uploads"
"""Where an object is written before it gets its place; the agent's sender does the same. No key begins with a dot."""
_CHUNK = 1 << 20


class LocalBucket:
    """The objects below `root`, which must be there: a folder that is made by itself hides a disk that is missing."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: Iterable[bytes], *, checksum: str | None = None) -> Stored:
        target, partial = self._root / checked(key), self._root / UPLOADS / os.urandom(8).hex()
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            digest = hashlib.sha256()
            for piece in data:
                size += len(piece)
                if checksum is not None:
                    digest.update(piece)
                yield piece
            if checksum not in (None, digest.hexdigest()):
                raise BucketFailed(f"{key} is not what was to be kept: its checksum differs", hint="send it again")

        with self._told(key):
            if not self._root.is_dir():
                raise FileNotFoundError(2, "there is no such folder", str(self._root))
            found = replace_with(target, counted(), partial=partial)
        return Stored(key, size, found)

    def get(self, key: str, *, offset: int = 0) -> Iterator[bytes]:
        with self._told(key), open(self._root / checked(key), "rb") as stream:
            stream.seek(offset)
            while data := stream.read(_CHUNK):
                yield data

    def find(self, key: str) -> Stored | None:
        path = self._root / checked(key)
        with self._told(key):
            try:
                if not stat.S_ISREG(path.stat().st_mode):
                    return None
                with open(path, "rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256")
                    return Stored(key, stream.tell(), digest.hexdigest())
            except (FileNotFoundError, NotADirectoryError):
                return None

    def list(self, prefix: str = "") -> Iterator[Stored]:
        with self._told(prefix or str(self._root)):
            yield from sorted(self._below("", prefix), key=lambda each: each.key)

    def delete(self, key: str) -> bool:
        path = self._root / checked(key)
        with self._told(key):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return False
        # Object stores know no folders: where the last object is gone, none is left.
        with suppress(OSError):
            for folder in path.parents[: key.count("/")]:
                folder.rmdir()
        return True

    def _below(self, folder: str, prefix: str) -> Iterator[Stored]:
        """All in a folder, whose name ends in `/` but for the root's."""
        try:
            entries = list(os.scandir(self._root / folder))
        except (FileNotFoundError, NotADirectoryError):
            if not folder:
                raise
            return
        for entry in entries:
            key = folder + entry.name
            if not folder and key.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from self._below(f"{key}/", prefix)
            elif key.startswith(prefix) and entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    yield Stored(key, entry.stat(follow_symlinks=False).st_size)

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            hint = f"look at {self._root}: it must be there, with room, and yours to write to"
            raise BucketFailed(f"{key} in {self._root}: {why}", hint=hint) from None
