"""Terraform in the roots of a deployment: plan, and apply exactly that plan."""

from __future__ import annotations

import shlex
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from cynthus.errors import CynthusError, TerraformFailed
from cynthus.files import write_json
from cynthus.operations.adopting import adopting
from cynthus.operations.infrastructure import workspace
from cynthus.operations.offer import Prepared, describe
from cynthus.operations.refused import refusals_told
from cynthus.operations.site import COMPUTE
from cynthus.operations.states import check_state, keep_state
from cynthus.state.applied import is_applied, note_applied
from cynthus.state.aside import damage, set_aside
from cynthus.terraform.state_file import resource_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cynthus.core.placement import Placement
    from cynthus.core.plan import Offer
    from cynthus.core.progress import Step
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal
    from cynthus.targets.base import Target
    from cynthus.terraform.client import Terraform


def due(site: Site, target: Target) -> tuple[str, ...]:
    """The roots to plan, in their order: not one that lives long and is as it was applied last."""
    return tuple(root for root in target.roots if root == COMPUTE or not _stands(site, root))


def _stands(site: Site, root: str) -> bool:
    return is_applied(site.paths.applied(root), site.root(root)) and resource_count(site.root(root)) != 0


def plan(
    tools: Tools, site: Site, offer: Offer, roots: Sequence[str] = (COMPUTE,), *, retry: bool = False
) -> Prepared:
    """Let Terraform say what it would do in these roots, and save that. In a `retry` by the same command no crash came
    between, so the state knows all that was made."""
    made = {}
    for root in roots:
        with tools.progress.step("Plan" if root == COMPUTE else f"Plan the {root}") as step:
            terraform = open_terraform(tools, site, step, root)
            tools.targets.find(site.target).insist_on_state(site.root(root))
            with deleted_files_told(site, root), refusals_told(tools, site, root):
                terraform.init()
                with nullcontext() if retry else adopting(tools, site, root, terraform):
                    made[root] = terraform.plan(site.paths.plan(root), var_files=var_files(tools, site, root))
            step.result(describe(made[root]))
    return Prepared(made, offer)


def forget_plans(site: Site, roots: Sequence[str]) -> None:
    """A plan holds values, and is good for one apply."""
    for root in roots:
        site.paths.plan(root).unlink(missing_ok=True)


def forget_applied(site: Site, roots: Sequence[str]) -> None:
    """Let all of them be planned the next time."""
    for root in roots:
        site.paths.applied(root).unlink(missing_ok=True)


def apply(tools: Tools, site: Site, prepared: Prepared, journal: Journal) -> Mapping[str, object]:
    """Apply exactly the saved plans, root by root, and keep copies of the states; gives the outputs of the last root.

    The intent is on disk before anything is made.
    """
    outputs: Mapping[str, object] = {}
    for root, made in prepared.plans.items():
        name = "apply" if root == COMPUTE else f"apply {root}"
        with journal.step(name), tools.progress.step("Apply" if root == COMPUTE else f"Apply the {root}") as step:
            # Long-lived or not, what an apply was cut off in has to be looked at again.
            forget_applied(site, (root,))
            with refusals_told(tools, site, root):
                outputs = apply_saved(open_terraform(tools, site, step, root), site, root)
            step.result(describe(made, done=True))
        note_as_applied(site, (root,))
    return outputs


def note_as_applied(site: Site, roots: Sequence[str]) -> None:
    """Remember of those that live long that what stands is what their files say."""
    for root in roots:
        if root != COMPUTE:
            note_applied(site.paths.applied(root), site.root(root))


def apply_saved(terraform: Terraform, site: Site, root: str = COMPUTE) -> Mapping[str, object]:
    """Apply the saved plan. The state is copied before it and after, also when it went wrong."""
    # What Terraform says matters more than that there was no room for a copy.
    with suppress(CynthusError):
        keep_state(site, root)
    try:
        outputs = terraform.apply(site.paths.plan(root))
    except BaseException:
        with suppress(CynthusError):
            keep_state(site, root)
        raise
    keep_state(site, root)
    return outputs


@contextmanager
def deleted_files_told(site: Site, root: str = COMPUTE) -> Iterator[None]:
    """Where Terraform fails, say which files the user deleted: it speaks only of what it misses in the others."""
    try:
        yield
    except TerraformFailed as error:
        gone = [edit.path for edit in workspace(site, root).edits() if edit.kind == "deleted"]
        if not gone:
            raise
        it = "it" if len(gone) == 1 else "them"
        were = f"you deleted {', '.join(gone)}: `cynthus render{_words(gone)}` brings {it} back"
        raise TerraformFailed(error.message, hint=f"{were}; {error.hint}", details=error.details) from error


def _words(paths: Sequence[str]) -> str:
    return "".join(f" --restore {shlex.quote(path)}" for path in paths) if len(paths) < 4 else " --restore ."


def open_terraform(tools: Tools, site: Site, step: Step, root: str = COMPUTE) -> Terraform:
    """Terraform in a root, the one that holds the hosts where none is named.

    Raises:
        StateCorrupt: its state is damaged.
    """
    check_state(site, root)
    return tools.terraform(site.root(root), logs=site.paths.terraform_logs, activity=step.activity)


def var_files(tools: Tools, site: Site, root: str = COMPUTE) -> tuple[Path, ...]:
    """Files with values that are known only at run time. Each such value has a default, so a damaged file is done
    without; were that to replace something that stands, the plan shows it and asks."""
    file = _runtime_file(site, root)
    problem = damage(file)
    if problem is not None:
        kept = set_aside(file, tools.clock.now())
        tools.progress.warn(f"{problem.message}; set aside as {kept.name}, and the defaults count")
    return (file,) if file.exists() else ()


def write_runtime(
    tools: Tools, site: Site, target: Target, app: App, placement: Placement, *, anew: bool = False
) -> bool:
    """Write the values that are known only now. Those of hosts that stand stay (and it says so), for their clock was
    set once; but not where hosts are made `anew`."""
    kept = False
    for root in target.roots:
        file = _runtime_file(site, root)
        gone = site.entry is not None and site.entry.phase == "gone"
        if root == COMPUTE and file.exists() and not (gone or anew) and resource_count(site.root(root)) != 0:
            kept = True
            continue
        values = target.runtime_variables(app.spec, placement, root, tools.clock.now())
        if values:
            write_json(file, dict(values))
    return kept


def _runtime_file(site: Site, root: str) -> Path:
    return site.paths.runtime_tfvars if root == COMPUTE else site.paths.runtime_tfvars_of(root)
