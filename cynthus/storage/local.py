"""A folder as a bucket: objects are plain files, at the path that is their key. It may be a share of a network."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cynthus.errors import BucketFailed
from cynthus.storage.arriving import Arriving
from cynthus.storage.base import ABSENT, Stored, checked, overtaken
from cynthus.storage.partial import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

UPLOADS = ".uploads"
"""Where an object is written before it gets its place; the agent's sender does the same. No key begins with a dot."""
_LOCK = ".uploads.lock"
_CHUNK = 1 << 20


class LocalBucket:
    """The objects below `root`, which must be there: a folder that is made by itself hides a disk that is missing.

    Two of us that replace the same version keep out of each other's way; the agent's sender, whose keys nobody else
    writes, asks nobody.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def check(self, key: str) -> None:
        checked(key)

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
        target, partial = self._root / checked(key), self._root / UPLOADS / os.urandom(8).hex()
        arriving = Arriving(key, _apart(data), checksum=checksum, size=size)
        with self._told(key):
            if not self._root.is_dir():
                raise FileNotFoundError(2, "there is no such folder", str(self._root))
            partial.parent.mkdir(exist_ok=True)
            try:
                found = write(partial, arriving, mode)
                with self._alone():
                    self._compare(key, over)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(partial, target)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        return _stored(key, found, arriving.checksum)

    def get(self, key: str, *, offset: int = 0, version: str | None = None) -> Iterator[bytes]:
        with self._told(key), open(self._root / checked(key), "rb") as stream:
            if version not in (None, _version(os.fstat(stream.fileno()))):
                raise overtaken(key, str(self._root))
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
                    return _stored(key, os.fstat(stream.fileno()), digest.hexdigest())
            except (FileNotFoundError, NotADirectoryError):
                return None

    def list(self, prefix: str = "") -> Iterator[Stored]:
        with self._told(prefix or str(self._root)):
            yield from sorted(self._below("", prefix), key=lambda each: each.key)

    def delete(self, key: str, *, over: str | None = None) -> bool:
        path = self._root / checked(key)
        with self._told(key):
            if over is None and not path.exists():
                return False
            # Who puts something beside it may just have made the folder that is removed here.
            with self._alone():
                self._compare(key, over)
                try:
                    path.unlink()
                except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                    return False
                # Object stores know no folders: where the last object is gone, none is left.
                with suppress(OSError):
                    for folder in path.parents[: key.count("/")]:
                        folder.rmdir()
        return True

    def _compare(self, key: str, over: str | None) -> None:
        if over is None:
            return
        try:
            there = _version((self._root / key).stat())
        except (FileNotFoundError, NotADirectoryError):
            there = ABSENT
        if there != over:
            raise overtaken(key, str(self._root))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While nobody else of us puts or deletes."""
        # Not deleted: who waits for a lock of a file that is gone waits for nothing.
        with open(self._root / _LOCK, "ab") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

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
                    yield _stored(key, entry.stat(follow_symlinks=False), None)

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        try:
            yield
        except _SourceFailed as failed:
            raise (failed.__cause__ or failed) from None
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            hint = f"look at {self._root}: it must be there, with room, and yours to write to"
            raise BucketFailed(f"{key} in {self._root}: {why}", hint=hint) from None


class _SourceFailed(Exception):
    """Reading what was to be kept has failed, which says nothing of the bucket."""


def _apart(data: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from data
    except OSError as error:
        raise _SourceFailed from error


def _version(found: os.stat_result) -> str:
    return f"{found.st_mtime_ns:x}-{found.st_ino:x}-{found.st_size:x}"


def _stored(key: str, found: os.stat_result, checksum: str | None) -> Stored:
    version, mode = _version(found), stat.S_IMODE(found.st_mode)
    return Stored(key, found.st_size, checksum, None, version, mode, found.st_mtime_ns)
