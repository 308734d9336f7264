"""Which versions of which files are in a bucket: a line for each, added when it is there. A lost one is sent again."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Sign(NamedTuple):
    """What tells one version of a file from another."""

    size: int
    mtime_ns: int
    inode: int


def sign_of(found: os.stat_result) -> Sign:
    """That of a file as it was found."""
    return Sign(found.st_size, found.st_mtime_ns, found.st_ino)


class Ledger:
    """The lines in `path` about `bucket`, which its first line names: another bucket has nothing of ours yet."""

    def __init__(self, path: Path, bucket: str) -> None:
        self._path = path
        self._new: list[str] = []
        self._sent: dict[str, tuple[Sign, str]] = {}
        lines = _lines(path)
        if lines[:1] == [{"bucket": bucket}]:
            for name, size, mtime_ns, inode, checksum in map(_fields, lines[1:]):
                self._sent[name] = (Sign(size, mtime_ns, inode), checksum)
            self._sent.pop("", None)
        # Written anew, so that a line that was cut off, or that a later one replaced, is gone.
        self._new = [json.dumps({"bucket": bucket}), *(_line(name, *each) for name, each in self._sent.items())]
        partial = path.with_name(f".{path.name}.part")
        try:
            self._write(partial, "w")
            os.replace(partial, path)
        except OSError:
            # A full disk here is no reason to save nothing there: what is not on record is sent again one day.
            with suppress(OSError):
                partial.unlink(missing_ok=True)

    def sent(self, name: str) -> Sign | None:
        known = self._sent.get(name)
        return known[0] if known else None

    def changed(self, name: str) -> int:
        """When what was sent had been changed last, in nanoseconds."""
        return self._sent[name][0].mtime_ns

    def told(self, name: str) -> list[object]:
        """Size and SHA-256 of what was sent."""
        sign, checksum = self._sent[name]
        return [sign.size, checksum]

    def note(self, name: str, sign: Sign, checksum: str) -> None:
        """Known at once; on disk after `keep`."""
        self._sent[name] = (sign, checksum)
        self._new.append(_line(name, sign, checksum))

    def keep(self) -> None:
        """Put it on disk; what that refuses is kept for the next time."""
        if self._new:
            with suppress(OSError):
                self._write(self._path, "a")

    def _write(self, path: Path, mode: str) -> None:
        with open(path, mode, encoding="ascii") as stream:
            stream.write("".join(f"{line}\n" for line in self._new))
        self._new = []


def _line(name: str, sign: Sign, checksum: str) -> str:
    # With escapes: a name need not be UTF-8.
    return json.dumps([name, *sign, checksum])


def _lines(path: Path) -> list[object]:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return []
    return [_parsed(line) for line in text.splitlines()]


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _fields(line: object) -> tuple[str, int, int, int, str]:
    """Those of a line; of one that was cut off, those of a file without a name."""
    whole = isinstance(line, list) and [type(each) for each in line] == [str, int, int, int, str]
    return tuple(line) if whole else ("", 0, 0, 0, "")  # type: ignore[arg-type, return-value]  # looked at just now
