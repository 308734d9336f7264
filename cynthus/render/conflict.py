"""How a conflict is told: which files, why, and by what lines yours and the new version differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import RenderConflict
from cynthus.render.edits import unified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.render.decision import Case

_HINT = (
    "make each file as you want it (it then stays so), or delete it to take the new version, "
    "and run the command again; nothing was written"
)
_HINT_NOT_NOTED = "run `cynthus render`; then make each file as you want it, or delete it to take the new version"
_HINT_OPAQUE = "delete {} to have it written anew, and run the command again; nothing was written"


def conflict(cases: Sequence[Case], *, noted: bool) -> RenderConflict:
    """One error for all files that conflict; `noted`: what the user makes of them next counts as the answer."""
    names = ", ".join(case.path for case in cases)
    several = f"{len(cases)} files that you changed contradict their new versions"
    message = "a file that you changed contradicts its new version" if len(cases) == 1 else several
    usual = _HINT if noted else _HINT_NOT_NOTED
    damaged = [case.path for case in cases if case.opaque]
    hint = _HINT_OPAQUE.format(" and ".join(damaged)) if len(damaged) == len(cases) else usual
    return RenderConflict(f"{message}: {names}", hint=hint, details=[line for case in cases for line in _details(case)])


def _details(case: Case) -> list[str]:
    if case.theirs.odd:
        return [f"{case.path}: {case.theirs.odd}, and links and folders are never written over"]
    if case.opaque:
        return [f"{case.path}: a program that Cynthus makes; it was changed, and changes of it cannot be kept"]
    diff = unified(case.path, case.theirs.content or b"", case.ours or b"", old_name="yours", new_name="new")
    return diff.splitlines() or [f"{case.path}: no text, so there is no diff to show"]
