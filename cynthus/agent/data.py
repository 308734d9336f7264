"""The verb `data`: what the app reads is where it can read it."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent.failure import DATA_MISSING, DATA_UNREADABLE, Failure
from cynthus.agent.moving import Moving, note_of
from cynthus.agent.version import Mount

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from cynthus.agent.home import Home
    from cynthus.agent.spec import DataEntry, Spec
    from cynthus.agent.wanted import Wanted

_CHUNK = 4 << 20


def bring(
    home: Home, spec: Spec, folder: Path, environment: Mapping[str, str] | None = None, *, fetched: bool = True
) -> bool:
    """Copy what is to be copied, as far as it changed, and fetch (unless that is done by somebody else) what lies
    elsewhere; gives whether anything came.

    Raises:
        Failure: an entry is missing or cannot be read or fetched.
        OSError: a copy cannot be written.
    """
    changed = False
    for entry in beside(spec):
        source = source_of(entry, folder)
        if entry.copied:
            changed |= _Copy(source, _copy_of(home, entry, folder)).update(note_of(folder, spec.deployment))
    wanted = elsewhere(spec)
    if wanted and fetched:
        from cynthus.agent import fetch

        changed |= any(each.changed for each in fetch.fetch(home, fetch.Asked(wanted, {}, {}), environment or {}))
    return changed


def beside(spec: Spec) -> list[DataEntry]:
    """The entries that lie on the user's machine."""
    return [entry for entry in spec.data if entry.wanted is None]


def elsewhere(spec: Spec) -> list[Wanted]:
    """What the others, and the models, want to have fetched."""
    return [entry.wanted for entry in (*spec.data, *spec.models) if entry.wanted is not None]


def mounts(home: Home, spec: Spec, folder: Path) -> tuple[Mount, ...]:
    """Where the app finds each entry: a folder's contents at its place, a file under its own name.

    Raises:
        Failure: an entry is missing or cannot be read.
    """
    return tuple(_mount(home, entry, folder) for entry in spec.data)


def models(home: Home, spec: Spec) -> tuple[Mount, ...]:
    """Where the app finds each model."""
    return tuple(
        Mount(each.name or "", str(home.of(each.wanted) / each.wanted.id)) for each in spec.models if each.wanted
    )


def _mount(home: Home, entry: DataEntry, folder: Path) -> Mount:
    if entry.wanted is not None:
        return Mount(entry.name or "", str(home.of(entry.wanted) / entry.wanted.id))
    source = source_of(entry, folder)
    path = _copy_of(home, entry, folder) if entry.copied else source
    if source.is_dir():
        return Mount(entry.name or "", str(path))
    # A single file has a folder of its own in the copy, and keeps its name.
    file = path / source.name if entry.copied else path
    return Mount(f"{entry.name}/{source.name}" if entry.name else source.name, str(file))


def source_of(entry: DataEntry, folder: Path) -> Path:
    """What an entry names, links followed.

    Raises:
        Failure: it is missing or cannot be read.
    """
    path = folder / entry.path
    hint = "mend `data:` in cynthus.yaml, or bring it there"
    try:
        resolved = path.resolve(strict=True)
    except FileNotFoundError:
        raise Failure(f"data: {entry.path} does not exist ({path})", hint=hint, code=DATA_MISSING) from None
    except (OSError, RuntimeError) as error:
        raise Failure(f"data: {entry.path} cannot be read: {error}", hint=hint, code=DATA_UNREADABLE) from None
    if not os.access(resolved, os.R_OK | (os.X_OK if resolved.is_dir() else 0)):
        raise Failure(f"data: {entry.path} may not be read by this user", hint=hint, code=DATA_UNREADABLE)
    return resolved


def name_of(entry: DataEntry, folder: Path) -> str:
    """What a copy of an entry is called below the deployment's `data/`: a hash over where it comes from."""
    origin = os.path.normpath(folder / entry.path)
    return hashlib.sha256(os.fsencode(origin)).hexdigest()[:16]


def _copy_of(home: Home, entry: DataEntry, folder: Path) -> Path:
    """Shared by all runs of the deployment."""
    return home.data / name_of(entry, folder)


class _Copy:
    """A copy of a folder or file that is brought up to date, file by file: whole ones or none."""

    def __init__(self, source: Path, target: Path) -> None:
        self._source = source
        self._target = target

    def update(self, note: Path) -> bool:
        """Whether anything changed. How far it is, is told in the file `note`."""
        self._target.mkdir(parents=True, exist_ok=True)
        wanted: dict[str, os.stat_result] = dict(walk(self._source))
        changed = remove_others(self._target, wanted) > 0
        missing = {path: found for path, found in wanted.items() if not _same(self._target / path, found)}
        moving = Moving(note, sum(found.st_size for found in missing.values()))
        for path, found in missing.items():
            self._bring(path, found, moving)
        moving.end()
        return changed or bool(missing)

    def _bring(self, path: str, found: os.stat_result, moving: Moving) -> None:
        target = self._target / path
        source = self._source if self._source.is_file() else self._source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.part")
        partial.unlink(missing_ok=True)
        try:
            with open(source, "rb") as original, open(partial, "xb") as copy:
                while piece := original.read(_CHUNK):
                    copy.write(piece)
                    moving.add(len(piece))
            partial.chmod(0o444 | (found.st_mode & 0o111))
            os.utime(partial, ns=(found.st_mtime_ns, found.st_mtime_ns))
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)


def _same(target: Path, found: os.stat_result) -> bool:
    try:
        here = target.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return here.st_size == found.st_size and here.st_mtime_ns == found.st_mtime_ns


def remove_others(folder: Path, wanted: Container[str]) -> int:
    """Delete all files of a copy that are not wanted, and folders that are empty then; gives how many files that were.

    Before anything is written: what was a file may be a folder now, or the other way round.
    """
    removed = 0
    for parent, folders, names in os.walk(folder, topdown=False):
        links = [name for name in folders if os.path.islink(f"{parent}/{name}")]  # noqa: PTH114 - as in `walk`
        for name in (*names, *links):
            file = f"{parent}/{name}"
            if name in links or os.path.relpath(file, folder) not in wanted:
                os.unlink(file)  # noqa: PTH108 - as in `walk`
                removed += 1
        if parent != str(folder):
            with suppress(OSError):  # it is not empty
                os.rmdir(parent)  # noqa: PTH106 - as above
    return removed


def walk(path: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The files below a folder, or the file itself, by path in a copy. Links are followed, but not in a circle."""
    if path.is_file():
        yield path.name, path.stat()
        return
    seen: set[tuple[int, int]] = set()
    for folder, names, entries in os.walk(path, followlinks=True, onerror=_refuse):
        place = Path(folder).stat()
        if (place.st_dev, place.st_ino) in seen:
            names.clear()
            continue
        seen.add((place.st_dev, place.st_ino))
        for name in sorted(entries):
            file = f"{folder}/{name}"
            try:
                found = os.stat(file)  # noqa: PTH116 - there may be millions, and a Path each costs more than the look
            except OSError as error:
                _refuse(error)
            if stat.S_ISREG(found.st_mode):
                yield os.path.relpath(file, path), found


def _refuse(error: OSError) -> None:
    raise Failure(
        f"data: {error.filename}: {(error.strerror or str(error)).lower()}",
        hint="mend its permissions or take it out of the data", code=DATA_UNREADABLE,
    ) from None
