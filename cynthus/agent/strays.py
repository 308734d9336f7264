"""Files that main.py wrote in its folder, outside of its outputs and checkpoints: nobody brings them home.

Told by a listing that is kept when the source is unpacked. What is not in it, or has changed since, is such a file.
"""

from __future__ import annotations

import heapq
import json
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import listing, version
from cynthus.agent.failure import Failure
from cynthus.files import read_json, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.home import Home, RunFolder

MOST = 50_000
"""How many files and folders are looked at in one go; what lies beyond is not counted."""
_SHOWN = 3


class Strays(NamedTuple):
    """How many such files a run has, their bytes, and the largest of them. Not `complete`: there may be more."""

    files: int
    bytes: int
    complete: bool
    largest: tuple[tuple[str, int], ...]


def note(app: Path, listed: Path) -> None:
    """Write down what the source brought.

    Raises:
        OSError: it cannot be written.
    """
    found = {path: [each.st_size, each.st_mtime_ns] for path, each in _Walk(app, frozenset(), most=None).files()}
    # With escapes: a name need not be UTF-8.
    write_atomic(listed, json.dumps({"files": found}).encode() + b"\n")


def look(run: RunFolder, *, most: int = MOST) -> Strays | None:
    """Count them; None where nobody knows what the source had brought."""
    known = _noted(run)
    if known is None or not run.app.is_dir():
        return None
    walk = _Walk(run.app, _mounts(run), most=most)
    found = [(each.st_size, path) for path, each in walk.files() if known.get(path) != [each.st_size, each.st_mtime_ns]]
    largest = tuple((path, size) for size, path in heapq.nlargest(_SHOWN, found))
    return Strays(len(found), sum(size for size, _ in found), walk.complete, largest)


def every(home: Home) -> list[dict[str, object]]:
    """Those of all runs that have any, as the verb `strays` tells them."""
    return [each for run in home.runs() for each in of(run)]


def of(run: RunFolder) -> list[dict[str, object]]:
    """The same of one run: it, or nothing."""
    found = look(run)
    return [_document(run, found)] if found is not None and found.files else []


def _document(run: RunFolder, found: Strays) -> dict[str, object]:
    largest = [{"path": path, "bytes": size} for path, size in found.largest]
    return {"run": run.id, **found._asdict(), "largest": largest}


def _noted(run: RunFolder) -> dict[str, object] | None:
    try:
        known = (read_json(run.listing) or {}).get("files")
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) else None


def _mounts(run: RunFolder) -> frozenset[str]:
    """Where the app finds its data: a container needs something there for a mount to lie on."""
    try:
        ready = version.read(run)
    except Failure:
        ready = None
    return frozenset(ready.places) if ready else frozenset()


class _Walk:
    """The regular files of a folder, by path. What programs leave in any folder (caches, virtual environments) is left
    out, and so is all that is behind a link."""

    def __init__(self, root: Path, skip: frozenset[str], *, most: int | None) -> None:
        self._root = root
        self._skip = skip
        self._left = most
        self.complete = True

    def files(self) -> Iterator[tuple[str, os.stat_result]]:
        waiting = [""]
        while waiting:
            below = waiting.pop()
            for entry in self._scan(below):
                path = below + entry.name
                if entry.name in listing.NEVER or path in self._skip:
                    continue
                try:
                    found = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISREG(found.st_mode):
                    yield path, found
                elif stat.S_ISDIR(found.st_mode) and not os.path.lexists(self._root / path / "pyvenv.cfg"):
                    waiting.append(f"{path}/")

    def _scan(self, below: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self._root / below) as entries:
                for entry in entries:
                    if self._left == 0:
                        self.complete = False
                        return
                    self._left = None if self._left is None else self._left - 1
                    yield entry
        except OSError:
            self.complete = False
