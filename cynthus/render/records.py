"""What Cynthus remembers of one rendered folder: the pristine copies, and what a write that was cut off had begun.

Layout below the pristine folder::

    <path>                     the file as it was rendered last
    .cynthus/rendered.json     the manifest as this machine wrote it last
    .cynthus/conflicts.json    edits that were refused, until they are mended
    .cynthus/next/<path>       the coming pristine copies, while files are being written
    .cynthus/results.json      the hash of each file that they belong to; there only after all of `next` is

A pristine copy takes its place right after its file does. If a kill comes between the two, the file has the hash in
`results.json`, and so its base is the copy in `next`. Records that cannot be read count as missing.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.files import read_json
from cynthus.render.disk import Found, Hands, look, seen, walk
from cynthus.render.documents import document
from cynthus.render.manifest import digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OWN = ".cynthus"


class Refused(Struct, frozen=True):
    """An edit that contradicted a new version: hashes of that version and of the file as it was (empty: gone)."""

    ours: str
    theirs: str


class Records:
    """The records below `folder`, as they are at the first look."""

    def __init__(self, folder: Path, hands: Hands) -> None:
        self._folder = folder
        self._own = folder / OWN
        self._next = self._own / "next"
        self._results = self._own / "results.json"
        self._hands = hands

    def paths(self) -> set[str]:
        """All files of which there is a pristine copy."""
        return set(walk(self._folder, skip=(OWN,)))

    def base(self, path: str, found: Found) -> bytes | None:
        """The rendered file that `found` was made from; None where it is not known."""
        return seen(self._next if self.was_written(path, found) else self._folder, path)

    def pristine(self, path: str) -> bytes | None:
        """The pristine copy of a file."""
        return seen(self._folder, path)

    def was_written(self, path: str, found: Found) -> bool:
        """Whether a write was cut off between this file and its pristine copy."""
        if found.content is None or self.unsettled.get(path) != digest(found.content):
            return False
        return seen(self._next, path) is not None

    @cached_property
    def manifest(self) -> bytes | None:
        """The manifest as it was written here last."""
        return seen(self._own, "rendered.json")

    @cached_property
    def refused(self) -> Mapping[str, Refused]:
        entries = _read(self._own / "conflicts.json")
        found = {path: value for path, value in entries.items() if isinstance(value, dict)}
        return {path: Refused(str(value.get("ours")), str(value.get("theirs"))) for path, value in found.items()}

    @property
    def cut_off(self) -> bool:
        """Whether a write did not come to its end."""
        return self._results.exists() or self._next.exists()

    def settle(self, root: Path) -> None:
        """Bring the records up to date with what a write that was cut off had done."""
        for path in self.unsettled:
            if self.was_written(path, look(root, path)):
                self._hands.move(self._next / path, self._folder / path)
        self._hands.remove(self._results)
        self._hands.remove_folder(self._next)

    def adopt(self, bases: Mapping[str, bytes], manifest: bytes) -> None:
        """Take over what a manifest from elsewhere knows, before anything is changed that it speaks of."""
        for path, base in bases.items():
            self._hands.write(self._folder / path, base)
        self._hands.write(self._own / "rendered.json", manifest)

    def stage(self, copies: Mapping[str, bytes], results: Mapping[str, str]) -> None:
        """Note what is about to be written. Nothing of the user's was touched before this has ended."""
        for path, content in copies.items():
            self._hands.write(self._next / path, content)
        self._hands.write(self._results, document(results))

    def promote(self, path: str) -> None:
        """The file is written: its staged copy is the pristine one now."""
        self._hands.move(self._next / path, self._folder / path)

    def forget(self, path: str) -> None:
        self._hands.remove(self._folder / path)
        self._hands.remove_empty((self._folder / path).parent, up_to=self._folder)

    def refuse(self, conflicts: Mapping[str, Refused]) -> None:
        """Remember conflicts: what the user makes of these files afterwards is how they are meant to be."""
        entries = {path: {"ours": each.ours, "theirs": each.theirs} for path, each in conflicts.items()}
        self._hands.write(self._own / "conflicts.json", document(entries))

    def finish(self, manifest: bytes) -> None:
        """Everything is written."""
        if manifest != seen(self._own, "rendered.json"):
            self._hands.write(self._own / "rendered.json", manifest)
        if self.refused:
            self._hands.remove(self._own / "conflicts.json")
        self._hands.remove(self._results)
        self._hands.remove_folder(self._next)

    @cached_property
    def unsettled(self) -> Mapping[str, str]:
        """The hash of each file that a write that was cut off had meant to write."""
        return {path: str(value) for path, value in _read(self._results).items()}


def _read(path: Path) -> Mapping[str, object]:
    try:
        return read_json(path) or {}
    except (OSError, ValueError):
        return {}
