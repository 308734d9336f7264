"""What lies in a rendered folder, what is known about it, and so what becomes of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.render.decision import Case, Decision, decide
from cynthus.render.disk import NOTHING, Found, look, seen
from cynthus.render.edits import Edit, unified
from cynthus.render.folder import NEEDED
from cynthus.render.manifest import MANIFEST, digest, hash_of, read_manifest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from cynthus.render.folder import Rendered
    from cynthus.render.records import Records


class View:
    """The folder and its records, as they are at the start of one operation."""

    def __init__(self, root: Path, records: Records) -> None:
        self.root = root
        self.records = records
        self.manifest = seen(self.root, MANIFEST)
        self.recorded = read_manifest(self.manifest)
        # The files came from somewhere else: a clone, a pull, a checkout. Their own manifest knows more than we do.
        self.foreign = self.manifest is not None and self.manifest != self.records.manifest

    def known(self) -> set[str]:
        """Every file that was rendered and not forgotten since."""
        return self._remembered() | set(self.recorded)

    def _remembered(self) -> set[str]:
        """The same by our own records: also a file that was written just before a kill."""
        begun = self.records.unsettled
        return self.records.paths() | {path for path in begun if self.records.was_written(path, look(self.root, path))}

    def decide(self, files: Rendered, restore: Collection[str] = ()) -> list[Decision]:
        """What becomes of each file, by path. What the user deleted of `restore` comes back."""
        known = self.known()
        paths = sorted(known | set(files.files))
        if not any(look(self.root, path) != NOTHING for path in known if not path.startswith(".")):
            # All that can be seen was deleted. That is no edit: whoever does that wants to begin anew.
            known = set()
        elif not self.foreign:
            # Our own manifest is written last: after a kill it may still name what we have removed ourselves.
            known = self._remembered()
        return [decide(self._case(path, files, known - set(restore))) for path in paths]

    def bases(self, decisions: Sequence[Decision]) -> dict[str, bytes]:
        """What the files were rendered as, as far as it is known. Of a deleted file it is enough that it was."""
        deleted = {each.case.path: each.case.ours for each in decisions if each.kind == "deleted-by-user"}
        found = {each.case.path: each.case.base or deleted.get(each.case.path) for each in decisions}
        return {path: base for path, base in found.items() if base is not None}

    def edit(self, path: str) -> Edit | None:
        """The user's edit of one file."""
        found = look(self.root, path)
        if found.odd:
            return Edit(path, "edited")
        if found.content is None:
            return Edit(path, "deleted")
        base = self._base(path, None, found)
        if base == found.content:
            return None
        diff = unified(path, base, found.content, old_name="rendered", new_name="yours") if base is not None else ""
        return Edit(path, "edited", diff)

    def mark(self, path: str) -> str:
        """What tells the user's edit of one file from another edit of it; "" where there is none."""
        found = look(self.root, path)
        if found.odd:
            return found.odd
        if found.content is None:
            return "" if path in NEEDED else "deleted"
        return "" if found.content == self._base(path, None, found) else digest(found.content)

    def _case(self, path: str, files: Rendered, known: set[str]) -> Case:
        ours, found = files.files.get(path), look(self.root, path)
        return Case(
            path=path,
            base=self._base(path, ours, found),
            ours=ours,
            theirs=found,
            known=path in known,
            mended=self._mended(path, ours, found),
            generated=path in files.generated,
        )

    def _base(self, path: str, ours: bytes | None, found: Found) -> bytes | None:
        """What the file was rendered as: our pristine copy, unless the manifest beside the file knows better."""
        pristine = self.records.base(path, found)
        recorded = self.recorded.get(path)
        if recorded is None or not (self.foreign or pristine is None):
            return pristine
        candidates = (content for content in (pristine, found.content, ours) if content is not None)
        return next((content for content in candidates if digest(content) == recorded), pristine)

    def _mended(self, path: str, ours: bytes | None, found: Found) -> bool:
        refused = self.records.refused.get(path)
        if refused is not None and found == NOTHING:
            # Deleting it takes the new version, also one that is newer than the one that was shown.
            return refused.theirs != ""
        return refused is not None and refused.ours == hash_of(ours) and refused.theirs != hash_of(found.content)
