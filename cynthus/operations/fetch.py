"""Copying a folder of a host home: only what changed, each file whole or not at all, and nothing over an edit."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import PullFailed
from cynthus.operations.places import Places, sign_at, sign_of, stays_inside
from cynthus.state import known as record
from cynthus.state.known import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path, PurePosixPath

    from cynthus.state.known import Known, Sign
    from cynthus.targets.base import Connection, FileEntry

CHUNK = 1 << 20
"""Bytes read at once."""
_SMALL = 1 << 16
"""Bytes of a file up to which it is asked for together with others: a host far away takes long for each question."""
_TOGETHER = 250
"""How many files at most are asked for together."""


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


def fetch(pair: Pair, difference: Difference, activity: Callable[[str], None]) -> tuple[Beside, ...]:
    """Bring home what is missing; gives those that found their place taken.

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
        fetching = _Fetching(pair, places, known, difference.missing)
        problems = [problem for file in difference.missing if (problem := fetching.bring(file, activity))]
        settled = known.having({**_same(difference), **fetching.come})
        if settled != known:
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
            f"{_text(f'{shown}/{first.path}')} is a link to {_text(first.link or '')} and stays on the host{more}; "
            f"only a relative link inside {shown}/ comes home: write one, or a copy"
        )
    if beside:
        taken, more = beside[0], _more(beside, "file")
        said.append(
            f"{_text(f'{shown}/{taken.path}')} was changed at home and stays; what the host has came beside it, "
            f"as {_text(taken.place)}{more}"
        )
    return tuple(said)


def pull_failed(error: OSError, folder: Path) -> PullFailed:
    """What the operating system said, as the error of a pull into `folder`."""
    return PullFailed(
        f"{error.filename2 or error.filename or folder}: {(error.strerror or str(error)).lower()}",
        hint="nothing was removed; mend that and run `cynthus pull` again",
    )


class _Ahead:
    """Asks for small files before their turn, as many at a time as come in one piece."""

    def __init__(self, pair: Pair, files: Sequence[FileEntry]) -> None:
        self._pair = pair
        self._waiting = [file for file in reversed(files) if file.link is None and file.size <= _SMALL]
        self._here: dict[str, bytes | OSError | None] = {}

    def beginning(self, file: FileEntry) -> bytes | None:
        """What is known of the file already, b'' where it has to be asked for; None where it is gone.

        Raises:
            OSError: it cannot be read.
        """
        if file.path not in self._here:
            if not self._waiting or self._waiting[-1] != file:
                return b"" if self._pair.connection.size(self._pair.source / file.path) is not None else None
            self._ask()
        found = self._here.pop(file.path)
        if isinstance(found, OSError):
            raise found
        return found

    def _ask(self) -> None:
        batch: list[FileEntry] = []
        total = 0
        while self._waiting and len(batch) < _TOGETHER and total <= CHUNK:
            batch.append(self._waiting.pop())
            total += batch[-1].size
        found = self._pair.connection.read_several([(self._pair.source / file.path, file.size) for file in batch])
        self._here = {file.path: each for file, each in zip(batch, found, strict=True)}


class _Fetching:
    """One fetch while it lasts. `come` are the signs of what came, as it lies at home."""

    def __init__(self, pair: Pair, places: Places, known: Known, files: Sequence[FileEntry]) -> None:
        self._pair = pair
        self._ahead = _Ahead(pair, files)
        self._places = places
        self._known = known
        self.come: dict[str, Sign] = {}
        self.beside: list[Beside] = []

    def bring(self, file: FileEntry, activity: Callable[[str], None]) -> OSError | None:
        """Bring one file; gives what kept it from coming."""
        activity(file.path)
        try:
            self._bring(file)
        except OSError as error:
            return error
        return None

    def _bring(self, file: FileEntry) -> None:
        beginning = self._ahead.beginning(file) if file.link is None else b""
        if beginning is None:
            return  # gone since it was listed: a program at work replaces and removes files
        folder = self._places.folder_for(file.path, self._known)
        # The same name each time, so that what a kill leaves is gone after the next fetch; and a short one.
        partial = folder / f".{hashlib.sha256(os.fsencode(file.path)).hexdigest()[:8]}.part"
        partial.unlink(missing_ok=True)
        try:
            if file.link is not None:
                partial.symlink_to(file.link)
            elif not self._copy(beginning, partial, file):
                return
            self._put(file, partial, folder)
        finally:
            partial.unlink(missing_ok=True)

    def _copy(self, beginning: bytes, partial: Path, file: FileEntry) -> bool:
        """Whether the file was still there at the end."""
        connection, source = self._pair.connection, self._pair.source / file.path
        with open(partial, "xb") as stream:
            stream.write(beginning)
            # What is added meanwhile comes the next time, together with the time of that change.
            while (left := file.size - stream.tell()) and (
                data := connection.read(source, offset=stream.tell(), limit=min(CHUNK, left))
            ):
                stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            whole = stream.tell() == file.size or connection.size(source) is not None
        # Without the bits that let a program act as its owner, who is somebody else here.
        partial.chmod((file.mode & 0o777) | 0o600)
        os.utime(partial, ns=(file.mtime_ns, file.mtime_ns))
        return whole

    def _put(self, file: FileEntry, partial: Path, folder: Path) -> None:
        """Choose the place now and not before the copy, which may take hours: it is the user's folder, too."""
        fresh = sign_at(partial)
        assert fresh is not None  # noqa: S101 - it was written a moment ago
        place = self._places.room(file.path, folder, fresh, self._known)
        os.replace(partial, place)
        self.come[file.path] = fresh
        if place != self._pair.folder / file.path:
            self.beside.append(Beside(file.path, str(place.relative_to(self._pair.folder))))


def _same(difference: Difference) -> dict[str, Sign]:
    """The signs of what lies at home as it is on the host."""
    missing = {file.path for file in difference.missing}
    return {file.path: sign_of(file) for file in difference.files if file.path not in missing}


def _insist_on_paths(files: Sequence[FileEntry], source: PurePosixPath) -> None:
    """A host is another machine: what it lists may lead nowhere but below the folder."""
    strange = next((file.path for file in files if not {"", ".", ".."}.isdisjoint(file.path.split("/"))), None)
    if strange is not None:
        raise PullFailed(f"{strange!r} is no path of a file below {source}", hint="look at the host: who lists it so?")


def _more(several: Sequence[object], noun: str) -> str:
    rest = len(several) - 1
    return f" (and {rest} more {noun}{'s' * (rest != 1)})" if rest else ""


def _text(name: str) -> str:
    return name if name.isprintable() else repr(name)
