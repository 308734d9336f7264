"""Bring what has changed in a folder to a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import BucketFailed, Overtaken
from cynthus.storage.base import ABSENT, Stored
from cynthus.storage.manifest import Entry, Manifest
from cynthus.storage.moving import THREADS, Job, Report, failure, same, silent
from cynthus.storage.tree import Changed, File, LeftOut, again, read, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cynthus.storage.base import Bucket
    from cynthus.storage.moving import Moved

_TRIES = 3
"""How often a file is read that changes meanwhile."""


def send(
    folder: Path,
    bucket: Bucket,
    prefix: str = "",
    *,
    files: Iterable[File | LeftOut] | None = None,
    manifest: Path | None = None,
    mirror: bool = False,
    threads: int = THREADS,
    tell: Callable[[Moved], None] = silent,
) -> Report:
    """Make the objects below `prefix` ('' or text that ends with a slash) the files of a folder: one look at the list
    of the bucket, and then only what differs. `files` names them where they are others than a walk through it finds.

    `manifest` is a file of ours in which to note what both sides are like, so that what has not changed need not be
    read the next time. With `mirror` an object that is no file here is deleted. Killed or cut off at any moment, every
    object is a whole file, and the same call goes on.

    Raises:
        BucketFailed: the bucket does not take it, or some of the files could not be read; all others are there then.
        NotLoggedIn: Google does not know us.
    """
    job = _Job(bucket, prefix, Manifest(manifest))
    for found in bucket.list(prefix):
        job.listed(found)
    left_out: list[LeftOut] = []
    found_here: list[File] = []
    for each in walk(folder) if files is None else files:
        if isinstance(each, File):
            found_here.append(each)
        else:
            left_out.append(each)
    _refuse(bucket, prefix, found_here)
    here = {each.path for each in found_here}
    surplus = job.besides(here | {each.path for each in left_out}) if mirror else []
    try:
        for result in job.results(found_here, job.one, threads, tell):
            if isinstance(result, LeftOut):
                left_out.append(result)
            else:
                job.done(result)
    finally:
        job.manifest.keep(here)
    failed = [each for each in left_out if each.failed]
    if failed:
        hint = f"all others are there; mend these in {folder} and run it again"
        raise failure(f"read in {folder}", failed, hint)
    deleted = sum(bucket.delete(each.key, over=each.version) for each in surplus)
    moved = job.moved
    return Report(job.sent, moved.files - job.sent, moved.bytes, deleted, tuple(left_out))


def _refuse(bucket: Bucket, prefix: str, files: list[File]) -> None:
    """Raises: BucketFailed, for all names at once that the bucket does not take; nothing was sent then."""
    refused: list[LeftOut] = []
    hint = ""
    for each in files:
        try:
            bucket.check(prefix + each.path)
        except BucketFailed as error:
            refused.append(LeftOut(repr(each.path), error.message))
            hint = error.hint
    if refused:
        raise failure("given a name in the bucket, so nothing was sent", refused, hint)


class _Done(Struct, frozen=True):
    entry: Entry
    sent: bool


class _Job(Job):
    def __init__(self, bucket: Bucket, prefix: str, manifest: Manifest) -> None:
        super().__init__()
        self.manifest = manifest
        self.sent = 0
        self._bucket = bucket
        self._prefix = prefix
        self._as_noted: set[str] = set()
        """The paths of objects that are as the manifest has them: with many there is no room to have all twice."""
        self._others: dict[str, Stored] = {}

    def listed(self, found: Stored) -> None:
        """Hear of an object that is there."""
        path = found.key.removeprefix(self._prefix)
        known = self.manifest.find(path)
        if known is not None and known.version == found.version:
            self._as_noted.add(known.path)
        else:
            self._others[path] = found

    def besides(self, here: set[str]) -> list[Stored]:
        """The objects that are no file here."""
        found = [self._there(path) for path in (*self._as_noted, *self._others) if path not in here]
        return [each for each in found if each is not None]

    def _there(self, path: str) -> Stored | None:
        known = self.manifest.find(path) if path in self._as_noted else None
        if known is None:
            return self._others.get(path)
        key, checksum = self._prefix + path, known.checksum or None
        return Stored(key, known.sign.size, checksum, None, known.version, known.mode)

    def done(self, result: _Done) -> None:
        self.manifest.note(result.entry)
        self.moved.files += 1
        self.sent += result.sent

    def one(self, file: File) -> _Done | LeftOut:
        """See to it that one file is there."""
        try:
            for _ in range(_TRIES):
                try:
                    return self._sent(file)
                except Changed:
                    now = again(file)
                    if now is None:
                        return LeftOut(file.path, "it went away while it was read")
                    file = now
        except OSError as error:
            return LeftOut(file.path, (error.strerror or str(error)).lower(), failed=True)
        return LeftOut(file.path, "it changes all the time: wait until nobody writes to it", failed=True)

    def _sent(self, file: File) -> _Done:
        known = self.manifest.find(file.path) if file.path in self._as_noted else None
        if known is not None and (known.sign, known.mode) == (file.sign, file.mode):
            return _Done(known, sent=False)
        there = self._there(file.path)
        entry = self._same(file, there)
        if entry is not None:
            return _Done(entry, sent=False)
        try:
            kept = self._put(file, there.version if there else ABSENT)
        except Overtaken:
            # Perhaps with the same: a sender that was killed may still have had it on its way.
            entry = self._same(file, self._bucket.find(self._prefix + file.path))
            if entry is None:
                raise
            return _Done(entry, sent=False)
        return _Done(Entry(file.path, file.sign, file.mode, kept.checksum or "", kept.version), sent=True)

    def _put(self, file: File, over: str) -> Stored:
        pieces = _Pieces(self, file)
        return self._bucket.put(self._prefix + file.path, pieces, size=file.sign.size, over=over, mode=file.mode)

    def _same(self, file: File, there: Stored | None) -> Entry | None:
        """What the file and an object have in common, None where they differ."""
        if there is None or there.mode not in (None, file.mode):
            return None
        checksum = same(self._bucket, there, file.sign.size, lambda: read(file))
        return None if checksum is None else Entry(file.path, file.sign, file.mode, checksum, there.version)


class _Pieces:
    """Those of a file, as often as they are wanted."""

    def __init__(self, job: Job, file: File) -> None:
        self._job = job
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        return self._job.counted(read(self._file))
