"""`gc`: find in a cloud what has our mark and is claimed by no record, or is past its time; show it; remove it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.amounts import counted
from cynthus.core.leftover import Sweep, Unseen
from cynthus.core.load import load
from cynthus.errors import CloudFailed, UsageError
from cynthus.operations.site import root_of
from cynthus.operations.spool import Spool, spool
from cynthus.render.workspace import read_deployment_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from cynthus.core.leftover import Leftover
    from cynthus.core.spec import AppSpec
    from cynthus.operations.tools import Tools
    from cynthus.targets.base import Target

MOST_PROBLEMS = 100
"""After so many it is given up: something is wrong with all of them."""


class Wanted(Struct, frozen=True):
    """What was typed. `discard`: buckets go with what is in them, and machines of which nobody knows whether somebody
    works there. `all_owners`: also what is somebody else's."""

    target: str = "gcp"
    project: str = ""
    dry_run: bool = False
    yes: bool = False
    discard: bool = False
    all_owners: bool = False


class Swept(Struct, frozen=True):
    """What came of it. `found` can be gone through as long as the sweep goes on; `problems` are by address, of the
    first `tried` of those that are to be removed."""

    place: str
    found: Iterable[Leftover]
    going: Mapping[str, int]
    """How many of each kind are to be removed."""
    staying: int = 0
    unseen: tuple[Unseen, ...] = ()
    removed: int = 0
    tried: int = 0
    problems: Mapping[str, str] = {}

    @property
    def count(self) -> int:
        """How many are to be removed."""
        return sum(self.going.values())


def gc(
    tools: Tools, wanted: Wanted, *, show: Callable[[Swept], None] = lambda _: None,
    report: Callable[[Swept], None] = lambda _: None,
) -> None:
    """`show` is given what was found before anything is asked, and `report` what came of it.

    Raises:
        NotLoggedIn, ExtraMissing: nobody knows who asks, or in which cloud project.
        UsageError: the answer was no; nothing was removed.
        ConfirmationNeeded: nobody is there to be asked; nothing was removed.
        CloudFailed: something could not be looked at, or could not be removed.
    """
    target = tools.targets.find(wanted.target)
    sweep = _sweep(tools, wanted)
    with spool(tools.settings.state_dir) as kept:
        swept = _look(tools, target, wanted, sweep, kept)
        show(swept)
        if swept.count and not wanted.dry_run:
            _confirm(tools, swept, wanted)
            swept = _remove(tools, target, sweep, swept)
        report(swept)
    _complain(swept)


def _sweep(tools: Tools, wanted: Wanted) -> Sweep:
    here = frozenset(_rendered_here(tools, wanted.target))

    def claims(deployment: str) -> bool:
        # A folder whose record was lost knows its deployment all the same.
        return deployment in here or tools.index.claims(deployment)

    return Sweep(tools.clock.now(), claims, wanted.project, wanted.discard, wanted.all_owners)


def _rendered_here(tools: Tools, target: str) -> Iterator[str]:
    for root in tools.targets.find(target).roots:
        found = read_deployment_id(root_of(tools.cwd_folder, target, root))
        if found is not None:
            yield found


def _look(tools: Tools, target: Target, wanted: Wanted, sweep: Sweep, kept: Spool) -> Swept:
    folder = tools.cwd_folder
    spec = _spec(tools, wanted, folder)
    leftovers = target.leftovers(sweep, spec, root_of(folder, wanted.target, target.roots[0]))
    going: Counter[str] = Counter()
    staying, unseen = 0, []
    with tools.progress.step(f"Look through {leftovers.place}" if leftovers.place else "Look") as step:
        for each in leftovers.each:
            if isinstance(each, Unseen):
                unseen.append(each)
                _tell_unseen(tools, each)
                continue
            kept.add(each)
            going.update([each.kind] if each.goes else [])
            staying += not each.goes
            step.activity(f"{each.kind} {each.name}")
        step.result(f"{counted(going.total() + staying, 'leftover')}")
    return Swept(leftovers.place, kept, going, staying, tuple(unseen))


def _spec(tools: Tools, wanted: Wanted, folder: Path) -> AppSpec | None:
    """What the folder says of where to look: not needed where it was typed."""
    return None if wanted.project else load(folder, known_targets=tools.targets.names())


def _tell_unseen(tools: Tools, each: Unseen) -> None:
    tell = tools.progress.note if each.harmless else tools.progress.warn
    tell(f"no {each.kind} can be looked at: {each.why}")


def described(going: Mapping[str, int]) -> str:
    """How many of each kind."""
    return ", ".join(_counted(count, kind) for kind, count in going.items() if count)


def _counted(count: int, kind: str) -> str:
    return f"{count} repositories" if kind == "repository" and count != 1 else counted(count, kind)


def _confirm(tools: Tools, swept: Swept, wanted: Wanted) -> None:
    if wanted.yes:
        return
    what = f"{described(swept.going)} from {swept.place}"
    lost = " With --discard, what is in buckets and on machines that run is lost." if wanted.discard else ""
    if not tools.person.confirm(f"Remove {what}?{lost}", consequence=f"this removes {what}", default=False):
        raise UsageError("nothing was removed: you said no", hint="`cynthus gc --dry-run` shows it again")


def _remove(tools: Tools, target: Target, sweep: Sweep, swept: Swept) -> Swept:
    tried, problems = 0, {}
    with tools.progress.step("Remove what is left over") as step:
        for removal in target.remove_leftovers((each for each in swept.found if each.goes), sweep):
            each = removal.leftover
            step.activity(f"{each.kind} {each.name}")
            tried += 1
            if not removal.problem:
                continue
            problems[each.address] = removal.problem
            tools.progress.warn(f"{each.kind} {each.name} was not removed: {removal.problem}")
            if len(problems) == MOST_PROBLEMS:
                break
        removed = tried - len(problems)
        step.result(f"{removed} of {swept.count} removed")
    return replace(swept, removed=removed, tried=tried, problems=problems)


def _complain(swept: Swept) -> None:
    """Raises: CloudFailed, where it is not known that all is as it should be."""
    if swept.problems:
        first, left = next(iter(swept.problems.values())), swept.count - swept.removed
        raise CloudFailed(
            f"{left} of {swept.count} could not be removed: {first}",
            hint="mend that and run `cynthus gc` again",
        )
    blind = [each for each in swept.unseen if not each.harmless]
    if blind:
        kinds = ", ".join(each.kind for each in blind)
        raise CloudFailed(
            f"nobody can tell what is left over of: {kinds}; {blind[0].why}", hint="mend that and run it again"
        )
