"""What of a run's files is not in its bucket yet, and what of that comes first."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.ledger import sign_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from cynthus.agent.ledger import Ledger, Sign


class Waiting(NamedTuple):
    """A version of a file that is not there yet; `ready`: it may be sent. `name` is its path below the folder."""

    name: str
    sign: Sign
    ready: bool


class Tree:
    """A folder that is saved below `prefix`. `waiting` is what is not there, by name, and `saved` the bytes that are.

    A file is ready once it was the same in two looks, when it was put in the place of another one, or when nobody
    writes any more.
    """

    def __init__(self, folder: Path, prefix: str, ledger: Ledger) -> None:
        self.folder = folder
        self.prefix = prefix
        self.ledger = ledger
        self.waiting: dict[str, Waiting] = {}
        self.saved = 0
        self._there: list[str] = []

    def look(self, *, quiet: bool) -> None:
        """What is there now; `quiet`: nobody writes any more. Links, pipes and what cannot be listed are left out."""
        before, self.waiting, self.saved, self._there = self.waiting, {}, 0, []
        for name, found in sorted(files(self.folder)):
            sign = sign_of(found)
            if self.ledger.sent(name) == sign:
                self._there.append(name)
                self.saved += sign.size
            else:
                known = before[name].sign if name in before else self.ledger.sent(name)
                ready = quiet or (name in before and known == sign) or _put_there(known, found)
                self.waiting[name] = Waiting(name, sign, ready)

    def note(self, sent: Waiting, checksum: str) -> None:
        """That it is there now."""
        self.ledger.note(sent.name, sent.sign, checksum)
        self.saved += self.waiting.pop(sent.name).sign.size
        self._there.append(sent.name)

    def listing(self) -> dict[str, object]:
        """Size and SHA-256 of all that is there."""
        return {name: self.ledger.told(name) for name in sorted(self._there)}

    def complete(self) -> list[object]:
        """The checkpoints that are there as they are here, the newest first, with all their files. One that is a file
        is replaced as a whole: until its next version is there, the last one counts."""
        replaced = {name for name in self.waiting if entry(name) == name and self.ledger.sent(name)}
        partly = {entry(name) for name in self.waiting} - replaced
        found: dict[str, list[str]] = {}
        for name in sorted({*self._there, *replaced}):
            found.setdefault(entry(name), []).append(name)
        whole = {name: files for name, files in found.items() if name not in partly}
        newest = {name: max(map(self.ledger.changed, files)) for name, files in whole.items()}
        return [
            {"name": name, "files": {file: self.ledger.told(file) for file in whole[name]}}
            for name in sorted(whole, key=lambda name: (-newest[name], name))
        ]


def _put_there(known: Sign | None, found: os.stat_result) -> bool:
    """Whether a file was renamed to the name of the one that is `known`, after the last that was written to it: so it
    is whole, and one that is replaced more often than we look is saved, too."""
    return known is not None and known.inode != found.st_ino and found.st_ctime_ns > found.st_mtime_ns


def entry(name: str) -> str:
    """The checkpoint that a file belongs to: a file or folder directly below the checkpoints."""
    return name.partition("/")[0]


def newest_complete_first(waiting: Collection[Waiting]) -> list[Waiting]:
    """The files of checkpoints that can be sent as a whole. One of which a file still changes has to wait."""
    unready = {entry(each.name) for each in waiting if not each.ready}
    newest: dict[str, int] = {}
    for each in waiting:
        newest[entry(each.name)] = max(newest.get(entry(each.name), 0), each.sign.mtime_ns)
    whole = [each for each in waiting if entry(each.name) not in unready]
    return sorted(whole, key=lambda each: (-newest[entry(each.name)], each.name))


def files(top: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The regular files below a folder, by path, in no order."""
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            with os.scandir(top / below) as entries:
                for each in entries:
                    try:
                        found = each.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if stat.S_ISDIR(found.st_mode):
                        waiting.append(f"{below}{each.name}/")
                    elif stat.S_ISREG(found.st_mode):
                        yield below + each.name, found
        except OSError:
            continue
