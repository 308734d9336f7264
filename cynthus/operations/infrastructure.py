"""The half that Terraform does: write the folder, plan, ask, apply exactly that plan."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.allowance import cost
from cynthus.core.clock import stamp
from cynthus.errors import CynthusError, PythonMissing
from cynthus.operations.awaiting import await_hosts
from cynthus.operations.bill import Asked, begin_anew, note_machines
from cynthus.operations.cuda import with_cuda
from cynthus.operations.deadline import insist_on_deadline
from cynthus.operations.site import COMPUTE
from cynthus.operations.taken_out import taken_out
from cynthus.render.documents import document
from cynthus.render.folder import REQUIREMENTS, TFVARS, Rendered, render
from cynthus.render.workspace import Workspace
from cynthus.state.index import Entry
from cynthus.terraform.outputs import hosts as hosts_of
from cynthus.terraform.state_file import resource_count

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cynthus.core.deployment import Host
    from cynthus.core.placement import Placement
    from cynthus.core.plan import Offer
    from cynthus.core.spec import AppSpec
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.render.workspace import FileChange
    from cynthus.state.index import Phase
    from cynthus.targets.base import Target


def place(
    tools: Tools, app: App, site: Site, *, as_it_was: bool = False, no_deadline: bool = False,
    keep: bool | None = None,
) -> tuple[App, Target, Placement]:
    """The target's answer to the spec, and the app as it is built there: not one whose environment is kept.

    The runtime of a deployment that stands does not flip by itself, and neither does its deadline. Whether to `keep`
    its machine after the run is as it was last (None) where nobody says.
    """
    target = tools.targets.find(site.target)
    spec = app.spec
    if spec.runtime == "auto" and site.entry and site.entry.phase != "down":
        spec = replace(spec, runtime=site.entry.runtime)
    try:
        placement = target.place(spec, site.root())
    except PythonMissing as error:
        if not app.needs.asked_by:
            raise
        raise PythonMissing(f"{error.message}; {app.needs.asked_by} says so", hint=error.hint) from None
    if no_deadline or _stands_without_deadline(site):
        insist_on_deadline(spec)
        placement = replace(placement, lifetime=None)
    placement = _with_its_clock(site, spec, target, placement)
    if keep or (keep is None and kept(site.document())):
        placement = replace(placement, linger=None)
    app = replace(app, spec=target.equipped(app.spec, site.id, placement))
    if not as_it_was:
        app, placement = with_cuda(app, placement, listed(app, site))
    return app, target, placement


def kept(document: Mapping[str, object]) -> bool:
    """Whether a machine that could delete itself after its run is to stay, by a run document."""
    return "linger" in document and document["linger"] is None


def _stands_without_deadline(site: Site) -> bool:
    """Whether there are hosts that somebody typed --no-deadline for: also where their apply was cut off."""
    entry = site.entry
    if entry is None or not entry.no_deadline:
        return False
    return entry.phase == "up" or (entry.phase == "prepared" and bool(resource_count(site.root())))


def _with_its_clock(site: Site, spec: AppSpec, target: Target, placement: Placement) -> Placement:
    """A host that stands keeps the time that it was given, as long as it costs no more in that than the spec allows: a
    newer price makes no new host, and neither does more money."""
    lifetime, most = site.entry.lifetime if site.entry else None, spec.limits.max_cost
    if most is None or lifetime is None or not site.hosts or site.hosts_gone:
        return placement
    price = target.offer(spec, placement).per_hour
    dear = price is None or cost(price, lifetime) > most
    return placement if dear else replace(placement, lifetime=lifetime)


def listed(app: App, site: Site) -> bytes | None:
    """The requirements that we write, with the user's edits; None where the user's own file counts."""
    if app.needs.listed is None:
        return None
    merged = None
    # What cannot be brought together is shown when it is to be written.
    with suppress(CynthusError):
        merged = workspace(site, COMPUTE).coming(REQUIREMENTS, app.needs.listed)
    return app.needs.listed if merged is None else merged


def rendered(tools: Tools, app: App, site: Site, target: Target, placement: Placement, root: str) -> Rendered:
    """The files of one root, not written yet."""
    return render(
        target=site.target,
        root=root,
        placement=placement,
        variables=target.variables(site.id, app.spec, placement, root),
        run=as_rendered(app, site, placement),
        agent=tools.build_agent(),
        requirements=app.needed(placement).listed,
        backend=target.backend(site.id, app.spec, root),
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


def mend(tools: Tools, site: Site, root: str = COMPUTE) -> None:
    """Write the files without which nothing works where somebody deleted them; cynthus.yaml is not needed for that."""
    for path in workspace(site, root).mend({TFVARS: document({"deployment": site.id})}):
        tools.progress.note(f"{path} was missing, and was written anew")


def register(tools: Tools, site: Site, placement: Placement, offer: Offer) -> Site:
    """Put the deployment into the index before anything of it is made, so that nothing exists that nobody lists."""
    if site.entry is not None and site.entry.phase != "down" and site.entry.folder == str(site.folder):
        return site
    if not site.hosts and (site.entry is None or site.entry.phase == "down"):
        begin_anew(site)
    home, left = (site.entry.home, site.entry.left) if site.entry else ("", ())
    return _listed(tools, site, placement, offer, phase="prepared", hosts=(), left=left, home=home)


def record(
    tools: Tools, site: Site, placement: Placement, outputs: Mapping[str, object], offer: Offer,
    before: Sequence[Host] = (),
) -> Site:
    """Put the deployment into the index as it stands after an apply. `before` are its hosts until then.

    Raises:
        HostUnreachable: a host that was made lets nobody in.
    """
    hosts, earlier = hosts_of(outputs), site.entry.left if site.entry else ()
    target = tools.targets.find(site.target)
    left = taken_out((*earlier, *before), hosts)
    if target.makes and not (site.entry and site.entry.hosts == hosts and not site.entry.awaited):
        # They cost from now on, whether they ever answer or not.
        site = _listed(tools, site, placement, offer, phase="up", hosts=hosts, left=left, home="", awaited=True)
        asked = Asked(tools, site)
        await_hosts(tools, site, hosts)
        # What the cloud has said by now is noted while it remembers it; the rest is asked for when somebody looks.
        asked.bill(within=0.0)
    home = target.connect(hosts[0], site.root()).home(site.id)
    return _listed(tools, site, placement, offer, phase="up", hosts=hosts, left=left, home=str(home))


def _listed(
    tools: Tools, site: Site, placement: Placement, offer: Offer, *, phase: Phase, hosts: tuple[Host, ...],
    left: tuple[Host, ...], home: str, awaited: bool = False,
) -> Site:
    now, before = stamp(tools.clock.now()), site.entry
    makes, same = tools.targets.find(site.target).makes, before is not None and hosts == before.hosts
    entry = Entry(
        id=site.id,
        name=site.name,
        target=site.target,
        folder=str(site.folder),
        runtime=placement.runtime,
        home=home,
        created_at=before.created_at if before else now,
        phase=phase,
        hosts=hosts,
        last_run=before.last_run if before else None,
        updated_at=now,
        per_hour=offer.per_hour,
        at_most=_at_most(placement, offer, hosts),
        made_at=(before.made_at if before and same else now) if makes and hosts else None,
        left=left,
        expires_at=offer.deletes_itself_at,
        no_deadline=makes and placement.lifetime is None,
        lifetime=placement.lifetime,
        owed=before is not None and before.owed,
        awaited=awaited,
        readied=before is not None and before.readied and same,
    )
    tools.index.put(entry)
    site = replace(site, entry=entry, gone=frozenset())
    if makes and hosts:
        note_machines(site)
    return site


def _at_most(placement: Placement, offer: Offer, hosts: tuple[Host, ...]) -> float | None:
    """What the hosts can cost: where they were made, which need not be the dearest place of the offer."""
    if not hosts or offer.per_hour is None or placement.stands is None:
        return offer.maximum
    return cost(offer.per_hour, placement.stands)


def _written(changes: Sequence[FileChange], site: Site) -> str:
    """What writing came to, in a few words; edits that were kept are worth a word."""
    written = sum(change.kind in ("new", "updated", "merged", "obsolete") for change in changes)
    kept = sum(change.kind in ("kept", "merged", "deleted-by-user") for change in changes)
    words = f"{written} file{'s' * (written != 1)} in infra/{site.target}/" if written else "unchanged"
    return words + (f", {kept} with your edits" if kept else "")
