"""One pass over a rendered folder that carries out what was decided."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.render.manifest import MANIFEST, hash_of, manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cynthus.render.decision import Case, Decision
    from cynthus.render.disk import Hands
    from cynthus.render.folder import Rendered
    from cynthus.render.view import View

_PARTIAL = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.part\Z")


class Writer:
    """One pass of writing. The order of its steps is what makes a kill harmless: see `records`."""

    def __init__(self, view: View, hands: Hands, files: Rendered, decisions: Sequence[Decision]) -> None:
        self._root, self._records, self._hands = view.root, view.records, hands
        self._view, self._files, self._decisions = view, files, decisions
        self._staged = self._copies()

    def carry_out(self) -> None:
        """Write, remove and remember.

        Raises:
            FolderNotWritable, DiskFull: the folder or the records cannot be written.
        """
        fresh = manifest(self._hashes())
        if self._idle(fresh):
            return
        self._prepare()
        results = {each.case.path: hash_of(each.final) for each in self._decisions if each.case.path in self._staged}
        self._records.stage(self._staged, results)
        for decision in self._decisions:
            self._act(decision)
        if fresh != self._view.manifest:
            self._hands.write(self._root / MANIFEST, fresh)
        self._records.finish(fresh)

    def _prepare(self) -> None:
        """Bring the records to where the files are; each step may be cut off and done again."""
        if self._records.cut_off:
            self._sweep()
            self._records.settle(self._root)
        if self._view.foreign and self._view.manifest is not None:
            bases = self._view.bases(self._decisions)
            news = {path: base for path, base in bases.items() if self._records.pristine(path) != base}
            self._records.adopt(news, self._view.manifest)
        self._staged = self._copies()

    def _idle(self, fresh: bytes) -> bool:
        if self._records.cut_off or self._staged or any(self._touches(decision) for decision in self._decisions):
            return False
        return fresh == self._view.manifest == self._records.manifest and not self._records.refused

    def _act(self, decision: Decision) -> None:
        path = decision.case.path
        if decision.remove:
            # Were the copy still there without the file, it would look as if the user had deleted it.
            self._records.forget(path)
            self._hands.remove(self._root / path)
            self._hands.remove_empty((self._root / path).parent, up_to=self._root)
        elif self._touches(decision):
            self._hands.write(self._root / path, decision.final or b"", mode=self._mode(decision))
        if path in self._staged:
            self._records.promote(path)

    def _touches(self, decision: Decision) -> bool:
        """Whether the file itself is to be changed: its content, or that it can be executed."""
        if decision.remove or decision.content is not None:
            return True
        found = decision.case.theirs
        return found.content is not None and found.mode != self._mode(decision)

    def _mode(self, decision: Decision) -> int:
        """The permissions that the file has or is to have; what must be executable is."""
        found = decision.case.theirs
        mode = found.mode if found.content is not None else 0o644
        return mode | 0o111 if decision.case.path in self._files.executable and not mode & 0o100 else mode

    def _copies(self) -> dict[str, bytes]:
        """The pristine copies that are to change."""
        wanted = ((each.case.path, each.case.ours) for each in self._decisions)
        present = {path: ours for path, ours in wanted if ours is not None}
        return {path: ours for path, ours in present.items() if self._records.pristine(path) != ours}

    def _hashes(self) -> Mapping[str, str]:
        hashes = {each.case.path: self._recorded(each.case) for each in self._decisions if not each.remove}
        return {path: value for path, value in hashes.items() if value}

    def _recorded(self, case: Case) -> str:
        """What was rendered, also of a file that no longer is but has edits."""
        if case.ours is None:
            return hash_of(case.base) or self._view.recorded.get(case.path, "")
        return hash_of(case.ours)

    def _sweep(self) -> None:
        """Remove what a killed process had half written beside our files."""
        names = {Path(path).name for path in (*self._files.files, MANIFEST)}
        for folder in {self._root, *((self._root / path).parent for path in self._files.files)}:
            for partial in folder.glob(".*.part") if folder.is_dir() else ():
                match = _PARTIAL.match(partial.name)
                if match and match["name"] in names:
                    self._hands.remove(partial)
