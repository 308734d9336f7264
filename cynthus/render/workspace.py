"""The folder of one Terraform root in the user's folder: written again and again, and never over an edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from cynthus.errors import UsageError
from cynthus.render.conflict import conflict
from cynthus.render.disk import NOTHING, Hands, look, walk
from cynthus.render.documents import read_document
from cynthus.render.edits import Edit
from cynthus.render.folder import NEEDED, TFVARS, Rendered
from cynthus.render.manifest import digest, hash_of
from cynthus.render.records import Records, Refused
from cynthus.render.untouchable import is_read
from cynthus.render.view import View
from cynthus.render.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from cynthus.render.decision import Case, Decision, Kind


class FileChange(Struct, frozen=True):
    """What became of one file. `path` is relative to the root.

    "kept": edited by the user, and nothing of ours to bring in. "deleted-by-user": stays deleted. "obsolete": no longer
    rendered and never edited, so removed.
    """

    path: str
    kind: Kind


class Workspace(Struct, frozen=True):
    """The rendered files at `root`, with the copy at `pristine` of what was rendered last.

    One writer at a time: the lock of the deployment sees to that.
    """

    root: Path
    pristine: Path
    hands: Hands = field(default_factory=Hands)

    def write(self, files: Rendered, restore: Collection[str] = ()) -> tuple[FileChange, ...]:
        """Bring the folder up to date, keeping the user's edits. What they deleted of `restore` comes back.

        A kill between any two changes loses nothing, and the next write goes on from there.

        Raises:
            RenderConflict: edits and new versions contradict each other; no file of the folder was touched.
            FolderNotWritable, DiskFull: the folder cannot be written.
            UsageError: a file cannot be read.
        """
        view = self._view()
        decisions = view.decide(files, restore)
        conflicts = _conflicts(decisions)
        if conflicts:
            view.records.refuse({case.path: _refused(case) for case in conflicts})
            raise conflict(conflicts, noted=True)
        Writer(view, self.hands, files, decisions).carry_out()
        return _changes(decisions)

    def compare(self, files: Rendered) -> tuple[FileChange, ...]:
        """What `write` would do. Nothing is touched.

        Raises:
            RenderConflict: `write` would raise it.
            UsageError: a file cannot be read.
        """
        decisions = self._view().decide(files)
        conflicts = _conflicts(decisions)
        if conflicts:
            raise conflict(conflicts, noted=False)
        return _changes(decisions)

    def coming(self, path: str, ours: bytes) -> bytes | None:
        """What the file of that path would hold if it were rendered as `ours` now; None for a conflict, or no file.

        Raises:
            UsageError: the file cannot be read.
        """
        (decision,) = (each for each in self._view().decide(Rendered({path: ours})) if each.case.path == path)
        return decision.final if decision.kind else None

    def mend(self, least: Mapping[str, bytes]) -> tuple[str, ...]:
        """Write what is missing of the needed files as it was rendered last, without rendering; gives their paths.

        `least` is what to write where that is not known.

        Raises:
            FolderNotWritable, DiskFull: it cannot be written.
        """
        view = self._view()
        missing = [path for path in sorted(view.known() & NEEDED | set(least)) if look(self.root, path) == NOTHING]
        found = {path: view.records.pristine(path) or least.get(path) for path in missing}
        mended = {path: content for path, content in found.items() if content is not None}
        for path, content in mended.items():
            self.hands.write(self.root / path, content)
        return tuple(mended)

    def edits(self) -> tuple[Edit, ...]:
        """What the user changed since the files were rendered, by path, and the files of theirs that Terraform reads.

        Raises:
            UsageError: a file cannot be read.
        """
        view = self._view()
        found = [view.edit(path) for path in sorted(view.known())]
        added = [Edit(path, "added") for path in self._added(view)]
        return tuple(sorted([*filter(None, found), *added], key=lambda edit: edit.path))

    def fingerprint(self) -> str:
        """Another text for each state of the user's edits and files; "" where there are none. Renders nothing.

        Raises:
            UsageError: a file cannot be read.
        """
        view = self._view()
        marks = [(path, view.mark(path)) for path in sorted(view.known())]
        marks += [(path, hash_of(look(self.root, path).content)) for path in self._added(view)]
        edited = [f"{path}\0{mark}\n" for path, mark in marks if mark]
        return digest("".join(edited).encode("utf-8", "surrogateescape")) if edited else ""

    def _added(self, view: View) -> list[str]:
        """The user's own files that Terraform or Ansible read."""
        known = view.known()
        return [path for path in walk(self.root, skip=(".terraform",)) if is_read(path) and path not in known]

    def _view(self) -> View:
        return View(self.root, Records(self.pristine, self.hands))


def read_deployment_id(root: Path) -> str | None:
    """The id in a root's terraform.tfvars.json; None where there is no such file.

    Raises:
        UsageError: the file cannot be read, or has no id in it.
    """
    path = root / TFVARS
    hint = "mend the file, or delete it: `cynthus up` and `cynthus down` write it anew"
    found = look(root, TFVARS)
    if found.odd:
        raise UsageError(f"{path} is not a plain file", hint=hint)
    if found.content is None:
        return None
    try:
        value = read_document(found.content).get("deployment")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}", hint=hint) from error
    if not isinstance(value, str):
        raise UsageError(f"{path} does not say which `deployment` it belongs to", hint=hint)
    return value


def _conflicts(decisions: Sequence[Decision]) -> list[Case]:
    return [decision.case for decision in decisions if decision.kind is None]


def _changes(decisions: Sequence[Decision]) -> tuple[FileChange, ...]:
    """What is worth telling: not that a file is no longer rendered which was gone already."""
    told = (each for each in decisions if not (each.remove and each.case.theirs.content is None))
    return tuple(FileChange(each.case.path, each.kind) for each in told if each.kind is not None)


def _refused(case: Case) -> Refused:
    return Refused(hash_of(case.ours), hash_of(case.theirs.content))
