"""The half that Terraform does: write the folder, plan, ask, apply exactly that plan."""

from __future__ import annotations

import shlex
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.clock import stamp
from cynthus.errors import CynthusError, StateCorrupt, TerraformFailed
from cynthus.operations.offer import Prepared, describe
from cynthus.operations.site import COMPUTE
from cynthus.render.documents import document
from cynthus.render.folder import TFVARS, Rendered, render
from cynthus.render.workspace import Workspace
from cynthus.state.aside import damage, set_aside
from cynthus.state.backup import backup, newest_copy
from cynthus.state.index import Entry
from cynthus.terraform.outputs import hosts as hosts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from cynthus.core.deployment import Host
    from cynthus.core.placement import Placement, Runtime
    from cynthus.core.plan import Offer
    from cynthus.core.progress import Step
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.render.workspace import FileChange
    from cynthus.state.index import Phase
    from cynthus.state.journal import Journal
    from cynthus.targets.base import Target
    from cynthus.terraform.client import Terraform


def place(tools: Tools, app: App, site: Site) -> tuple[Target, Placement]:
    """The target's answer to the spec. The runtime of a deployment that stands does not flip by itself."""
    target = tools.targets.find(site.target)
    spec = app.spec
    if spec.runtime == "auto" and site.entry and site.entry.phase != "down":
        spec = replace(spec, runtime=site.entry.runtime)
    return target, target.place(spec, site.root())


def rendered(tools: Tools, app: App, site: Site, target: Target, placement: Placement, root: str) -> Rendered:
    """The files of one root, not written yet."""
    return render(
        target=site.target,
        root=root,
        placement=placement,
        variables=target.variables(site.id, app.spec, placement, root),
        run=as_rendered(app, site, placement),
        agent=tools.build_agent(),
    )


def as_rendered(app: App, site: Site, placement: Placement) -> dict[str, object]:
    """run.json without any edit of the user's. Arguments belong to one run, so the file has none."""
    return replace(app, arguments=(), edited=None).run_document(placement, site.id)


def write(
    tools: Tools, app: App, site: Site, target: Target, placement: Placement, restore: Collection[str] = ()
) -> tuple[FileChange, ...]:
    """Write every root's files, keeping the user's edits. Deleted files stay deleted, but for those in `restore`.

    Raises:
        RenderConflict: an edit and a new version touch the same lines; nothing was written.
    """
    with tools.progress.step("Write the Terraform and Ansible files") as step:
        changes: list[FileChange] = []
        for root in target.roots:
            files = rendered(tools, app, site, target, placement, root)
            changes += workspace(site, root).write(files, restore)
        step.result(_written(changes, site))
    return tuple(changes)


def compare(tools: Tools, app: App, site: Site, target: Target, placement: Placement) -> tuple[FileChange, ...]:
    """What `write` would do to each file; nothing is touched."""
    return tuple(
        change
        for root in target.roots
        for change in workspace(site, root).compare(rendered(tools, app, site, target, placement, root))
    )


def workspace(site: Site, root: str) -> Workspace:
    """Where the files of one root are written, with the copy of what was written last."""
    return Workspace(site.root(root), site.paths.pristine / site.target / root)


def mend(tools: Tools, site: Site) -> None:
    """Write the files without which nothing works where somebody deleted them; cynthus.yaml is not needed for that."""
    for path in workspace(site, COMPUTE).mend({TFVARS: document({"deployment": site.id})}):
        tools.progress.note(f"{path} was missing, and was written anew")


@contextmanager
def deleted_files_told(site: Site) -> Iterator[None]:
    """Where Terraform fails, say which files the user deleted: it speaks only of what it misses in the others."""
    try:
        yield
    except TerraformFailed as error:
        gone = [edit.path for edit in workspace(site, COMPUTE).edits() if edit.kind == "deleted"]
        if not gone:
            raise
        it = "it" if len(gone) == 1 else "them"
        were = f"you deleted {', '.join(gone)}: `cynthus render{_words(gone)}` brings {it} back"
        raise TerraformFailed(error.message, hint=f"{were}; {error.hint}", details=error.details) from error


def _words(paths: Sequence[str]) -> str:
    return "".join(f" --restore {shlex.quote(path)}" for path in paths) if len(paths) < 4 else " --restore ."


def plan(tools: Tools, site: Site, offer: Offer) -> Prepared:
    """Let Terraform say what it would do, and save that."""
    with tools.progress.step("Plan") as step:
        terraform = open_terraform(tools, site, step)
        file = site.paths.plan
        with deleted_files_told(site):
            terraform.init()
            made = terraform.plan(file, var_files=var_files(tools, site))
        step.result(describe(made))
    return Prepared(file, made, offer)


def apply(tools: Tools, site: Site, prepared: Prepared, journal: Journal) -> Mapping[str, object]:
    """Apply exactly the saved plan and keep a copy of the state. The intent is on disk before anything is made."""
    with journal.step("apply"), tools.progress.step("Apply") as step:
        outputs = apply_saved(open_terraform(tools, site, step), site)
        step.result(describe(prepared.plan, done=True))
    return outputs


def apply_saved(terraform: Terraform, site: Site) -> Mapping[str, object]:
    """Apply the saved plan. The state is copied also when it went wrong."""
    try:
        outputs = terraform.apply(site.paths.plan)
    except BaseException:
        # What Terraform says matters more than that there was no room for a copy.
        with suppress(CynthusError):
            _keep_state(site)
        raise
    _keep_state(site)
    return outputs


def _keep_state(site: Site) -> None:
    backup(site.root() / "terraform.tfstate", site.paths.backups)


def register(tools: Tools, site: Site, runtime: Runtime, offer: Offer) -> Site:
    """Put the deployment into the index before anything of it is made, so that nothing exists that nobody lists."""
    if site.entry is not None and site.entry.phase != "down" and site.entry.folder == str(site.folder):
        return site
    home = site.entry.home if site.entry else ""
    return _listed(tools, site, runtime, phase="prepared", hosts=(), per_hour=offer.per_hour, home=home)


def record(tools: Tools, site: Site, runtime: Runtime, outputs: Mapping[str, object], offer: Offer) -> Site:
    """Put the deployment into the index as it stands after an apply."""
    hosts = hosts_of(outputs)
    home = tools.targets.find(site.target).connect(hosts[0], site.root()).home(site.id)
    return _listed(tools, site, runtime, phase="up", hosts=hosts, per_hour=offer.per_hour, home=str(home))


def _listed(
    tools: Tools, site: Site, runtime: Runtime, *, phase: Phase, hosts: tuple[Host, ...], per_hour: float | None,
    home: str,
) -> Site:
    now = stamp(tools.clock.now())
    entry = Entry(
        id=site.id,
        name=site.name,
        target=site.target,
        folder=str(site.folder),
        runtime=runtime,
        home=home,
        created_at=site.entry.created_at if site.entry else now,
        phase=phase,
        hosts=hosts,
        last_run=site.entry.last_run if site.entry else None,
        updated_at=now,
        per_hour=per_hour,
    )
    tools.index.put(entry)
    return replace(site, entry=entry)


def open_terraform(tools: Tools, site: Site, step: Step) -> Terraform:
    """Terraform in the root that holds the hosts.

    Raises:
        StateCorrupt: its state is damaged.
    """
    check_state(site)
    return tools.terraform(site.root(), logs=site.paths.terraform_logs, activity=step.activity)


def check_state(site: Site) -> None:
    """See that a state on this machine is whole. Terraform takes an empty file for a state that holds nothing.

    Raises:
        StateCorrupt: it is not; where there is a copy of it, the hint puts that back.
    """
    state = site.root() / "terraform.tfstate"
    problem, copy = damage(state), newest_copy(site.paths.backups)
    if problem is None or (copy is None and not state.stat().st_size):
        return
    back = f"`cp {shlex.quote(str(copy))} {shlex.quote(str(state))}` puts back its newest copy"
    gone = "put back a copy of it, or move it away and remove by hand what it knew of"
    raise StateCorrupt(f"{problem.message}; it says what Terraform has made", hint=back if copy else gone)


def var_files(tools: Tools, site: Site) -> tuple[Path, ...]:
    """Files with values that are known only at run time. Each such value has a default, so a damaged file is done
    without; were that to replace something that stands, the plan shows it and asks."""
    file = site.paths.runtime_tfvars
    problem = damage(file)
    if problem is not None:
        kept = set_aside(file, tools.clock.now())
        tools.progress.warn(f"{problem.message}; set aside as {kept.name}, and the defaults count")
    return (file,) if file.exists() else ()


def _written(changes: Sequence[FileChange], site: Site) -> str:
    """What writing came to, in a few words; edits that were kept are worth a word."""
    written = sum(change.kind in ("new", "updated", "merged", "obsolete") for change in changes)
    kept = sum(change.kind in ("kept", "merged", "deleted-by-user") for change in changes)
    words = f"{written} file{'s' * (written != 1)} in infra/{site.target}/" if written else "unchanged"
    return words + (f", {kept} with your edits" if kept else "")
