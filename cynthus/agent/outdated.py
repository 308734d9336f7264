"""What was fetched, and what was prepared, of which no run needs anything any more.

A run needs it that goes on or could begin, and so do the last runs: as many as have had SPARE different contents, so
that going back one step costs nothing. What came since the newest run was made is for the next one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent import lock, prepared, version
from cynthus.agent.failure import Failure
from cynthus.agent.prepared import Prepared
from cynthus.agent.remove import delete

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cynthus.agent.home import Home, RunFolder

SPARE = 2
"""How many different contents stay, the newest."""
_GONE = ".gone"
"""The end of a name: what is half deleted must not look complete."""


def clear_away(home: Home, over: Callable[[RunFolder], bool]) -> list[str]:
    """Delete it; gives the names, below the deployment's folder. `over`: whether a run has ended, or never begins.

    What somebody fetches or prepares just now stays. Where a run does not say what it needs, all stays.

    Raises:
        OSError: something cannot be deleted.
    """
    try:
        return [*_fetched(home, over), *_prepared(home, over)]
    except Failure:
        return []


def _fetched(home: Home, over: Callable[[RunFolder], bool]) -> list[str]:
    runs = home.runs()[::-1]
    sets = [_contents(home, run) for run in runs]
    needed = frozenset[str]().union(*_newest(sets), *(each for each, run in zip(sets, runs) if not over(run)))  # noqa: B905
    since = max((_time(run.version) for run in runs), default=0)
    gone = []
    for folder in (home.data, home.models):
        for left in folder.glob(f".*{_GONE}"):
            delete(left)
        for name in sorted(_names(folder)):
            # A copy of what lies at home has no record, and another way to be brought up to date.
            last = max(_time(folder / f"{name}.json"), _time(folder / f".{name}.part"))
            if name not in needed and 0 < last < since and _forget(folder, name):
                gone.append(f"{folder.name}/{name}")
    return gone


def _newest(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """The first different ones; none at all counts for nothing."""
    found: list[frozenset[str]] = []
    for each in sets:
        if each and each not in found and len(found) < SPARE:
            found.append(each)
    return found


def _contents(home: Home, run: RunFolder) -> frozenset[str]:
    """What a run reads of what was fetched. Raises: Failure, where it does not say."""
    ready = version.read(run)
    mounts = (*ready.data, *ready.models) if ready else ()
    return frozenset(Path(each.path).name for each in mounts if Path(each.path).parent in (home.data, home.models))


def _names(folder: Path) -> set[str]:
    """All that has arrived, in full or in part."""
    parts = {each.name[1 : -len(".part")] for each in folder.glob(".*.part")}
    return parts | {each.stem for each in folder.glob("*.json")}


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _forget(folder: Path, name: str) -> bool:
    """Whether it is gone; what somebody fetches just now is not."""
    descriptor = lock.acquire(folder / f".{name}.lock", wait=False)
    if descriptor is None:
        return False
    try:
        gone = folder / f".{name}{_GONE}"
        if os.path.lexists(folder / name):
            os.replace(folder / name, gone)
        (folder / f"{name}.json").unlink(missing_ok=True)
        for each in (gone, folder / f".{name}.part"):
            if os.path.lexists(each):
                delete(each)
        _unlink_links(folder, name)
    finally:
        os.close(descriptor)
    return True


def _unlink_links(folder: Path, name: str) -> None:
    """The library of a model's place takes a link to nothing for a model that it cannot replace."""
    for link in (folder.parent / "hub").glob("models--*/snapshots/*"):
        with suppress(OSError):
            if str(link.readlink()) == str(folder / name):
                link.unlink()


def _prepared(home: Home, over: Callable[[RunFolder], bool]) -> list[str]:
    runs = home.runs()[::-1]
    ids = [prepared.named(run) for run in runs]
    whole = [frozenset([each]) for each in ids if each and Prepared(home.prepared / each).kept.is_dir()]
    needed = frozenset[str]().union(*_newest(whole), [each for each, run in zip(ids, runs) if each and not over(run)])  # noqa: B905
    rooms = [Prepared(each) for each in sorted(home.prepared.glob("*")) if each.is_dir() and each.name not in needed]
    return [f"prepared/{room.folder.name}" for room in rooms if _clear_room(room)]


def _clear_room(room: Prepared) -> bool:
    """Whether it is gone; what somebody prepares just now is not."""
    descriptor = lock.acquire(room.lock, wait=False)
    if descriptor is None:
        return False
    try:
        if room.part.is_dir():
            delete(room.part)
        if room.kept.is_dir():
            os.replace(room.kept, room.part)
        delete(room.folder)
    finally:
        os.close(descriptor)
    return True
