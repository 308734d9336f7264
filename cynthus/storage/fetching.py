"""Bring what has changed in a bucket to a folder."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import BucketFailed, DiskFull
from cynthus.storage import partial
from cynthus.storage.arriving import Arriving
from cynthus.storage.manifest import Entry, Manifest, Sign, sign_of
from cynthus.storage.moving import THREADS, Job, Report, failure, same, silent
from cynthus.storage.tree import PARTS, Changed, File, LeftOut, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.storage.base import Bucket, Stored
    from cynthus.storage.moving import Moved

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""How a disk says that it has no second names for a file."""
_LARGE = 8 << 20
BESIDE = ".from-bucket"
"""Behind the name of a file that was changed here, for the bucket's version of it."""


def fetch(
    bucket: Bucket,
    prefix: str,
    folder: Path,
    *,
    manifest: Path | None = None,
    threads: int = THREADS,
    tell: Callable[[Moved], None] = silent,
) -> Report:
    """Bring the objects below `prefix` ('' or text that ends with a slash) into a folder: one look at the list of the
    bucket, and then only what differs.

    A file is replaced only if it is as we have noted it in `manifest`; one that was changed here is kept, and the
    bucket's version comes beside it. Nothing is deleted here. A file gets its name when all of it is there and was
    compared with its checksum. Killed or cut off at any moment, the same call goes on.

    Raises:
        DiskFull: there is no room here.
        BucketFailed: the bucket does not give it, or some files could not be written; all others are there then.
        NotLoggedIn: Google does not know us.
    """
    root = _ready(folder)
    objects = list(bucket.list(prefix))
    _refuse({each.key.removeprefix(prefix) for each in objects}, prefix or "the bucket")
    job = _Job(bucket, prefix, root, Manifest(manifest))
    left_out: list[LeftOut] = []
    try:
        for result in job.results(objects, job.one, threads, tell):
            if isinstance(result, LeftOut):
                left_out.append(result)
            else:
                job.done(result)
    finally:
        job.manifest.keep({each.key.removeprefix(prefix) for each in objects})
        with suppress(OSError):
            (root / PARTS).rmdir()
    if left_out:
        raise failure(f"written in {folder}", left_out, f"all others are there; make way for these in {folder}")
    return Report(job.fetched, job.moved.files - job.fetched, job.moved.bytes, beside=tuple(sorted(job.beside)))


def _refuse(paths: set[str], place: str) -> None:
    """Raises: BucketFailed, where a name is one of a file and of a folder at once, which only a bucket can have."""
    folders = {path.rpartition("/")[0] for path in paths}
    while above := {path.rpartition("/")[0] for path in folders} - folders:
        folders |= above
    if both := sorted(folders & paths):
        listed = [LeftOut(path, "it is an object, and the folder of others") for path in both]
        raise failure(f"brought from {place}, so nothing was", listed, "give it, or the others, another name there")


def _ready(folder: Path) -> Path:
    """The folder itself, without what a fetch that was killed had on its way. What one that lives has stays."""
    root = Path(os.path.realpath(folder))
    try:
        root.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            for each in list((root / PARTS).iterdir()):
                if not _lives(each.name.partition("-")[0]):
                    each.unlink(missing_ok=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        message = f"nothing can be brought to {folder}: {why}"
        raise BucketFailed(message, hint="name a folder that can be made") from None
    return root


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True


class _Done(Struct, frozen=True):
    """`entry` is None where a file of somebody here is in the way; `beside` is then where the bucket's version lies."""

    entry: Entry | None
    fetched: bool
    beside: str = ""


class _Job(Job):
    def __init__(self, bucket: Bucket, prefix: str, root: Path, manifest: Manifest) -> None:
        super().__init__()
        self.manifest = manifest
        self.fetched = 0
        self.beside: list[str] = []
        self._bucket = bucket
        self._prefix = prefix
        self._root = root

    def done(self, result: _Done) -> None:
        if result.entry is not None:
            self.manifest.note(result.entry)
        if result.beside:
            self.beside.append(result.beside)
        self.moved.files += 1
        self.fetched += result.fetched

    def one(self, there: Stored) -> _Done | LeftOut:
        """See to it that one object is here."""
        path = there.key.removeprefix(self._prefix)
        try:
            return self._brought(path, there)
        except Changed:
            return LeftOut(path, "it was changed here meanwhile")
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                message = f"no room is left on the disk of {self._root}"
                raise DiskFull(message, hint="make room and run it again: it goes on with what is missing") from None
            return LeftOut(path, (error.strerror or str(error)).lower())

    def _brought(self, path: str, there: Stored) -> _Done:
        target = self._root / path
        if os.path.realpath(target.parent) != str(target.parent):
            raise OSError(errno.ELOOP, "a link leads elsewhere on the way to it")
        here, known = _look(target), self.manifest.find(path)
        if here is not None:
            if known is not None and known.version == there.version:
                # There is nothing new. If it was changed here, that is the newer one.
                return _Done(known, fetched=False)
            sign = sign_of(here)
            ours = known is not None and known.sign == sign
            checksum = self._same(path, target, here, there)
            if checksum is not None:
                mode = stat.S_IMODE(here.st_mode) & 0o777
                return _Done(Entry(path, sign, mode, checksum, there.version), fetched=False)
            if not ours:
                return self._put_beside(path, target, there)
        return self._written(path, target, there, sign_of(here) if here else None)

    def _put_beside(self, path: str, target: Path, there: Stored) -> _Done:
        """The first name that is free, or where it lies already."""
        count = 1
        while True:
            name = f"{target.name}{BESIDE}{'' if count == 1 else f'-{count}'}"
            beside = target.with_name(name)
            here = _look(beside)
            told = str(beside.relative_to(self._root))
            if here is None:
                done = self._written(path, beside, there, None)
                return _Done(None, done.fetched, told)
            if self._same(path, beside, here, there) is not None:
                return _Done(None, fetched=False, beside=told)
            count += 1

    def _same(self, path: str, target: Path, here: os.stat_result, there: Stored) -> str | None:
        if not stat.S_ISREG(here.st_mode):
            return None
        file = File(path, str(target), sign_of(here), stat.S_IMODE(here.st_mode))
        return same(self._bucket, there, here.st_size, lambda: read(file))

    def _written(self, path: str, target: Path, there: Stored, before: Sign | None) -> _Done:
        """Raises: Changed, where what is at its place is not what it was `before`."""
        part = self._root / PARTS / f"{os.getpid()}-{os.urandom(8).hex()}"
        for folder in (part.parent, target.parent):
            folder.mkdir(parents=True, exist_ok=True)
        pieces = self.counted(self._bucket.get(there.key, version=there.version))
        large = there.size > _LARGE
        arriving = Arriving(there.key, pieces, checksum=there.checksum, size=there.size, aside=large)
        # Whatever it was: who has it here must be able to read and to replace it.
        mode = None if there.mode is None else there.mode | 0o600
        try:
            found = partial.write(part, arriving, mode)
            self._place(part, target, before)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        entry = Entry(path, sign_of(found), stat.S_IMODE(found.st_mode) & 0o777, arriving.checksum, there.version)
        return _Done(entry, fetched=True)

    def _place(self, part: Path, target: Path, before: Sign | None) -> None:
        now = _look(target)
        if (now and sign_of(now)) != before:
            raise Changed
        if before is None:
            try:
                # Unlike a rename it never replaces what somebody has put there meanwhile.
                os.link(part, target)
            except FileExistsError:
                raise Changed from None
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
            else:
                part.unlink()
                return
        os.replace(part, target)


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None
