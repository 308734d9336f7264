"""Copying a folder of a host home: only what changed, each file whole or not at all, and nothing over an edit."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import PullFailed
from cynthus.operations.ahead import SMALL, Ahead
from cynthus.operations.arrival import Arrival
from cynthus.operations.places import Places, sign_at, sign_of, stays_inside
from cynthus.state import known as record
from cynthus.state.known import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path, PurePosixPath

    from cynthus.core.progress import Step
    from cynthus.state.known import Known, Sign
    from cynthus.targets.connection import Connection, FileEntry


class Pair(Struct, frozen=True):
    """A folder on a host, and the one at home that gets what is in it.

    `record` is the file that remembers what came home; `begun` is what lay there when the host began with it.
    """

    connection: Connection
    source: PurePosixPath
    folder: Path
    record: Path
    begun: Known = NOTHING


class Difference(Struct, frozen=True):
    """What a folder on the host holds, as far as it can come home, and what of that is not there.

    `outside` are links that are not at home and stay where they are: what they say leads out of the folder, or could.
    """

    files: tuple[FileEntry, ...]
    missing: tuple[FileEntry, ...]
    outside: tuple[FileEntry, ...]
    waiting: tuple[FileEntry, ...] = ()
    """What is not there either and is left for a later time."""

    @property
    def size(self) -> tuple[int, int]:
        """How many files, and bytes, are not at home."""
        return len(self.missing), sum(file.size for file in self.missing)


class Beside(Struct, frozen=True):
    """A file whose place at home has something of the user's: it lies at `place` instead, below the folder too."""

    path: str
    place: str


def compare(connection: Connection, source: PurePosixPath, folder: Path) -> Difference:
    """What `source` on the host holds and `folder` at home does not.

    Raises:
        PullFailed: the folder on the host cannot be read.
    """
    try:
        files = connection.files(source)
    except OSError as error:
        raise pull_failed(error, folder) from error
    _insist_on_paths(files, source)
    places = Places(folder, files)
    missing = tuple(file for file in files if not places.holds(file))
    outside = {file.path for file in missing if file.link is not None and not stays_inside(file.path, file.link)}
    return Difference(
        tuple(file for file in files if file.path not in outside),
        tuple(file for file in missing if file.path not in outside),
        tuple(file for file in missing if file.path in outside),
    )


def fetch(pair: Pair, difference: Difference, step: Step) -> tuple[Beside, ...]:
    """Bring home what is missing; gives those that found their place taken.

    Of a large file that was cut off what has come stays, and the next fetch goes on there.

    What is at home is replaced only if it is as it last came from the host, or went there.

    Raises:
        PullFailed: something could not be read or written; everything else has been copied.
    """
    try:
        stored = record.load(pair.record)
        known = stored.since(pair.begun).expecting({file.path: sign_of(file) for file in difference.missing})
        # Before the first file: if we are killed right after it, the next pull must still know it for ours.
        if known != stored:
            record.save(pair.record, known)
        places = Places(pair.folder, (*difference.files, *difference.outside))
        fetching = _Fetching(pair, places, known, difference.missing, step)
        fetching.sweep(stored.files.keys() - {file.path for file in difference.files})
        problems = [problem for file in difference.missing if (problem := fetching.bring(file))]
        settled = fetching.known.having({**_same(difference), **fetching.come})
        if settled != fetching.known:
            record.save(pair.record, settled)
    except OSError as error:
        raise pull_failed(error, pair.folder) from error
    if problems:
        raise pull_failed(problems[0], pair.folder) from problems[0]
    return tuple(fetching.beside)


def remarks(difference: Difference, beside: Sequence[Beside], shown: str) -> tuple[str, ...]:
    """What a person should know of links that stay and of places that were taken. `shown` is how to call the folder."""
    said = []
    if difference.outside:
        first, more = difference.outside[0], _more(difference.outside, "link")
        said.append(
            f"{text_of(f'{shown}/{first.path}')} is a link to {text_of(first.link or '')} and stays on the host{more}; "
            f"only a relative link inside {shown}/ comes home: write one, or a copy"
        )
    if beside:
        taken, more = beside[0], _more(beside, "file")
        said.append(
            f"{text_of(f'{shown}/{taken.path}')} was changed at home and stays; what the host has came beside it, "
            f"as {text_of(taken.place)}{more}"
        )
    return tuple(said)


def pull_failed(error: OSError, folder: Path) -> PullFailed:
    """What the operating system said, as the error of a pull into `folder`."""
    return PullFailed(
        f"{text_of(str(error.filename2 or error.filename or folder))}: {(error.strerror or str(error)).lower()}",
        hint="nothing was removed; mend that and run `cynthus pull` again",
    )


class _Fetching:
    """One fetch while it lasts. `come` are the signs of what came, as it lies at home, and `known` is the record."""

    def __init__(self, pair: Pair, places: Places, known: Known, files: Sequence[FileEntry], step: Step) -> None:
        self._pair = pair
        self._ahead = Ahead(pair, files)
        self._places = places
        self.known = known
        self._step = step
        self._total = sum(file.size for file in files if file.link is None)
        self._done = 0
        self.come: dict[str, Sign] = {}
        self.beside: list[Beside] = []

    def sweep(self, gone: Iterable[str]) -> None:
        """Remove what was cut off of files that the host does not have any more, as far as that is possible."""
        for path in gone:
            # A record is a file that somebody may have edited.
            if not _strange(path):
                with suppress(OSError):
                    _partial(path, self._places.folder_of(path)).unlink()

    def bring(self, file: FileEntry) -> OSError | None:
        """Bring one file; gives what kept it from coming."""
        self._step.activity(text_of(file.path))
        try:
            self._bring(file)
        except OSError as error:
            return error
        self._done += file.size if file.link is None else 0
        self._step.amount(self._done, self._total)
        return None

    def _bring(self, file: FileEntry) -> None:
        beginning = self._ahead.beginning(file) if file.link is None else b""
        if beginning is None:
            return  # gone since it was listed: a program at work replaces and removes files
        folder = self._places.folder_for(file.path, self.known)
        partial = _partial(file.path, folder)
        try:
            if file.link is not None:
                partial.unlink(missing_ok=True)
                partial.symlink_to(file.link)
            elif not self._copy(beginning, partial, file):
                partial.unlink(missing_ok=True)
                return
            self._put(file, partial, folder)
        except BaseException as error:
            # Of a large one it stays where we are stopped, or the host does not answer any more.
            if isinstance(error, OSError) or file.size <= SMALL:
                partial.unlink(missing_ok=True)
            raise

    def _copy(self, beginning: bytes, partial: Path, file: FileEntry) -> bool:
        """Whether the file was still there at the end."""
        arrival = Arrival(self._pair.connection, self._pair.source / file.path, file, partial, self._arrived)
        whole = arrival.copy(beginning, self._earlier(file, partial.parent))
        if whole:
            # Without the bits that let a program act as its owner, who is somebody else here.
            partial.chmod((file.mode & 0o777) | 0o600)
            os.utime(partial, ns=(file.mtime_ns, file.mtime_ns))
        return whole

    def _earlier(self, file: FileEntry, folder: Path) -> Path | None:
        """What came before under that name and may have grown since, as logs do."""
        place = folder / file.path.rpartition("/")[2]
        here = sign_at(place)
        return place if isinstance(here, tuple) and SMALL < here[0] <= file.size else None

    def _arrived(self, size: int) -> None:
        self._step.amount(self._done + size, self._total)

    def _put(self, file: FileEntry, partial: Path, folder: Path) -> None:
        """Choose the place now and not before the copy, which may take hours: it is the user's folder, too."""
        fresh = sign_at(partial)
        assert fresh is not None  # noqa: S101 - it was written a moment ago
        if fresh != sign_of(file):
            # It has changed since it was listed. If we are killed now, the next pull must still know it for ours.
            self.known = self.known.expecting({file.path: fresh})
            record.save(self._pair.record, self.known)
        place = self._places.room(file.path, folder, fresh, self.known)
        os.replace(partial, place)
        self.come[file.path] = fresh
        if place != self._pair.folder / file.path:
            self.beside.append(Beside(file.path, str(place.relative_to(self._pair.folder))))


def _partial(path: str, folder: Path) -> Path:
    """Where a file lies until it is whole: the same each time, so that the next fetch finds it; and a short name."""
    return folder / f".{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}.part"


def _same(difference: Difference) -> dict[str, Sign]:
    """The signs of what lies at home as it is on the host."""
    missing = {file.path for file in (*difference.missing, *difference.waiting)}
    return {file.path: sign_of(file) for file in difference.files if file.path not in missing}


def _insist_on_paths(files: Sequence[FileEntry], source: PurePosixPath) -> None:
    """A host is another machine: what it lists may lead nowhere but below the folder."""
    strange = next((file.path for file in files if _strange(file.path)), None)
    if strange is not None:
        raise PullFailed(f"{strange!r} is no path of a file below {source}", hint="look at the host: who lists it so?")


def _strange(path: str) -> bool:
    return not {"", ".", ".."}.isdisjoint(path.split("/"))


def _more(several: Sequence[object], noun: str) -> str:
    rest = len(several) - 1
    return f" (and {rest} more {noun}{'s' * (rest != 1)})" if rest else ""


def text_of(name: str) -> str:
    """A name, fit for a line."""
    return name if name.isprintable() else repr(name)
