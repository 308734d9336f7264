"""What becomes of one file when its folder is rendered again. A pure function of what is known about the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from cynthus.render.merge import merge

if TYPE_CHECKING:
    from cynthus.render.disk import Found

Kind = Literal["new", "updated", "merged", "obsolete", "same", "kept", "deleted-by-user"]


class Case(Struct, frozen=True):
    """What is known about one file."""

    path: str
    base: bytes | None
    """What it was rendered as; None where that is not known, or it never was."""
    ours: bytes | None
    """What it is rendered as now; None where it no longer is."""
    theirs: Found
    """What lies there."""
    known: bool
    """Whether it was ever rendered."""
    mended: bool
    """Whether a conflict over this very version was shown, and the user has changed or deleted the file since."""
    generated: bool
    """Whether it is made for this deployment and not from a template: deleting it is no wish to go without."""

    @property
    def opaque(self) -> bool:
        """A program in one file: an edit of it is damage, and is never kept quietly."""
        return self.generated and not self.path.endswith((".json", ".txt"))


class Decision(Struct, frozen=True):
    """What to do. `kind` None is a conflict; `content` None leaves the file as it is, `remove` takes it away."""

    case: Case
    kind: Kind | None
    content: bytes | None = None
    remove: bool = False

    @property
    def final(self) -> bytes | None:
        """The content of the file once this is carried out."""
        return self.content if self.content is not None else self.case.theirs.content


def decide(case: Case) -> Decision:
    """Never loses an edit: where it cannot be kept together with the new version, that is a conflict."""
    if case.theirs.odd:
        return _odd(case)
    if case.theirs.content is None:
        return _absent(case)
    if case.ours is None:
        untouched = case.theirs.content == case.base
        return Decision(case, "obsolete", remove=True) if untouched else Decision(case, "kept")
    return _present(case, case.ours, case.theirs.content)


def _odd(case: Case) -> Decision:
    unchanged = case.ours is None or case.base == case.ours or case.mended
    return Decision(case, "kept" if unchanged else None)


def _absent(case: Case) -> Decision:
    if case.ours is None:
        return Decision(case, "obsolete", remove=True)
    if case.known and not case.generated and not case.mended:
        return Decision(case, "deleted-by-user")
    return Decision(case, "new", case.ours)


def _present(case: Case, ours: bytes, theirs: bytes) -> Decision:
    if theirs == ours:
        return Decision(case, "same")
    if theirs == case.base:
        return Decision(case, "updated", ours)
    merged = _merged(case, ours, theirs)
    if merged is None:
        return Decision(case, "kept" if case.mended and not case.opaque else None)
    if merged == theirs:
        return Decision(case, "kept")
    return Decision(case, "updated" if merged == ours else "merged", merged)


def _merged(case: Case, ours: bytes, theirs: bytes) -> bytes | None:
    if case.opaque:
        return None
    if case.base is not None:
        return merge(case.path, case.base, ours, theirs)
    # Without a base only values can be told apart: a key that one side has was added by that side.
    return merge(case.path, b"{}", ours, theirs) if case.path.endswith(".json") else None
