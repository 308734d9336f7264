"""A folder on a host and the one at home that gets what is in it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cynthus.operations.fetch import Pair, compare, fetch
from cynthus.state.known import NOTHING
from cynthus.targets.local.connection import LocalConnection
from tests.operations.host import Recorder

if TYPE_CHECKING:
    from cynthus.operations.fetch import Beside, Difference
    from cynthus.state.known import Known
    from cynthus.targets.connection import Connection

OLD = 1_600_000_000_000_000_000
"""A time of change, in nanoseconds, long before any test."""


@dataclass
class Twins:
    """Both below `place`; `begun` is what the host began with."""

    place: Path
    connection: Connection = field(default_factory=lambda: LocalConnection({}))
    begun: Known = NOTHING
    progress: Recorder = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        self.host.mkdir(parents=True, exist_ok=True)

    @property
    def host(self) -> Path:
        return self.place / "host"

    @property
    def home(self) -> Path:
        return self.place / "home"

    @property
    def record(self) -> Path:
        return self.place / "records/known.json"

    def compare(self) -> Difference:
        return compare(self.connection, PurePosixPath(self.host), self.home)

    def pull(self, found: Difference | None = None) -> tuple[Beside, ...]:
        """Bring home what is missing, or was when `found` was."""
        pair = Pair(self.connection, PurePosixPath(self.host), self.home, self.record, self.begun)
        return fetch(pair, found or self.compare(), self.progress.step("Bring"))

    def writes(self, path: str, text: str, mtime_ns: int | None = None) -> None:
        """The program on the host writes a file, whatever was there."""
        put(self.host, path, text, mtime_ns)

    def links(self, path: str, target: str) -> None:
        """The program on the host makes a link, whatever was there."""
        clear(self.host, path).symlink_to(target)

    def mine(self, path: str, text: str, mtime_ns: int | None = None) -> None:
        """The user writes a file at home, whatever was there."""
        put(self.home, path, text, mtime_ns)

    @property
    def texts(self) -> dict[str, str]:
        """What lies at home: of a file its text, of a link `-> target`."""
        return contents(self.home)


def put(top: Path, path: str, text: str, mtime_ns: int | None) -> None:
    file = clear(top, path)
    file.write_text(text)
    if mtime_ns is not None:
        os.utime(file, ns=(mtime_ns, mtime_ns))


def clear(top: Path, path: str) -> Path:
    """Remove what is in the way of something new at `path`."""
    file = top / path
    for each in (*reversed(file.parents), file):
        if each.is_relative_to(top) and each != top and (each.is_symlink() or each.is_file() or each == file):
            remove(each)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def contents(top: Path) -> dict[str, str]:
    """Files and links below a folder, by path."""
    found = {}
    for folder, names, files in os.walk(top):
        for path in (Path(folder, name) for name in (*names, *files)):
            if path.is_symlink():
                found[str(path.relative_to(top))] = f"-> {os.readlink(path)}"  # noqa: PTH115 - its own words
            elif path.is_file():
                found[str(path.relative_to(top))] = path.read_text()
    return found
