"""A site: one deployment as seen from here, with the user's folder, its records and its place in the index."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.clock import stamp
from cynthus.errors import NotAFolder, UnknownDeployment, UnknownHost, UsageError
from cynthus.files import read_json
from cynthus.operations.host_agent import HostAgent
from cynthus.render.workspace import read_deployment_id
from cynthus.state.folder import DeploymentFolder
from cynthus.state.identity import ReadId, Standing, standing
from cynthus.state.runs import Runs
from cynthus.targets.absent import AbsentConnection
from cynthus.terraform.outputs import standing_hosts
from cynthus.terraform.state_file import resource_count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cynthus.core.deployment import Host
    from cynthus.core.run import Run
    from cynthus.operations.tools import Tools
    from cynthus.state.index import Entry
    from cynthus.targets.connection import Connection

COMPUTE = "compute"
"""The root that holds the hosts, on every target."""


class Site(Struct, frozen=True):
    """A deployment and everything that is known of it here. `entry` is None before the first `up`."""

    folder: Path
    target: str
    id: str
    name: str
    entry: Entry | None
    gone: frozenset[str] = frozenset()
    """The names of hosts that the cloud has removed, where it has left others."""

    @property
    def paths(self) -> DeploymentFolder:
        return DeploymentFolder(self.folder, self.id)

    @property
    def runs(self) -> Runs:
        return Runs(self.paths.runs)

    def root(self, root: str = COMPUTE) -> Path:
        return root_of(self.folder, self.target, root)

    def document(self) -> Mapping[str, object]:
        """The run document that was rendered last; empty where there is none that can be read."""
        try:
            return read_json(self.root() / "run.json") or {}
        except (OSError, ValueError):
            return {}

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts that stand, from the index, or from the state where the index was lost. Not those that were made
        and have never let anybody in: nothing of ours is on them."""
        if self.entry is not None and (self.entry.hosts or self.entry.phase == "gone"):
            return () if self.entry.awaited else self.entry.hosts
        return standing_hosts(self.root())

    @property
    def addresses(self) -> tuple[str, ...]:
        """How the hosts reach each other, in their order."""
        return tuple(host.internal_address or host.address for host in self.hosts)

    @property
    def hosts_gone(self) -> bool:
        """Whether Terraform's state has lost the hosts that the index lists: they were removed by hand, or it was.

        What was on them may still be there. A state that cannot be looked at from here has lost nothing.
        """
        if self.entry is None or not self.entry.hosts or not self.folder.is_dir():
            return False
        count = resource_count(self.root())
        if not count:
            return count == 0
        known = {host.name for host in standing_hosts(self.root())}
        return not known.issuperset(host.name for host in self.entry.hosts)

    @property
    def phase(self) -> str:
        """How far it is: planned (only files), prepared, up, gone (see `hosts_gone`), down."""
        if self.entry is None:
            return "planned"
        return "gone" if self.hosts_gone else self.entry.phase


def root_of(folder: Path, target: str, root: str = COMPUTE) -> Path:
    """Where a root of a target is rendered in the user's folder."""
    return folder / "infra" / target / root


def folder_named(where: str | None, default: Path) -> Path | None:
    """The folder that the first argument names, or None where it is a deployment's name."""
    if where is None:
        return default
    path = Path(where)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a name is too long
        return _readable(Path(os.path.abspath(path)))  # noqa: PTH100 - a link that the user named stays a link
    looks_like_path = os.sep in where or where.startswith(".")
    exists = os.path.exists(path)  # noqa: PTH110 - as above
    if looks_like_path or exists:
        kind = "is a file" if exists else "does not exist"
        raise NotAFolder(f"{where} {kind}", hint="name the folder that holds main.py, or a deployment")
    return None


def _readable(folder: Path) -> Path:
    """The folder, if its path is text: Terraform, Ansible and JSON take nothing else."""
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        shown = str(folder).encode(errors="backslashreplace").decode()
        raise NotAFolder(f"{shown}: its path is not UTF-8", hint="give the folder another name") from None
    return folder


def locate(tools: Tools, where: str | None, *, target: str | None = None) -> Site:
    """The deployment that stands for a folder or has a name.

    The spec is not read: what stands can be looked at and removed although cynthus.yaml is broken or gone.

    Raises:
        UnknownDeployment, NotAFolder: there is none.
        UsageError: there are several, and `target` does not say which.
    """
    site = locate_or_none(tools, where, target=target)
    if site is None:
        folder = folder_named(where, tools.cwd_folder)
        on = f" on target {target!r}" if target else ""
        raise UnknownDeployment(
            f"nothing has been deployed from {folder}{on}",
            hint="`cynthus up` in that folder makes a deployment; `cynthus status` lists those there are",
        )
    return site


def locate_or_none(tools: Tools, where: str | None, *, target: str | None = None) -> Site | None:
    """The same, but None for a folder from which nothing has been deployed."""
    folder = folder_named(where, tools.cwd_folder)
    if folder is None:
        return as_it_stands(tools, site_of(tools.index.find(str(where))))
    entries = [entry for entry in tools.index.by_folder(folder) if target in (None, entry.target)]
    if not entries:
        return _rendered(tools, folder, target)
    if len(entries) > 1:
        listed = ", ".join(f"{entry.id} ({entry.target})" for entry in entries)
        raise UsageError(
            f"{folder} has several deployments: {listed}", hint="name one of them, or say which with --target"
        )
    return as_it_stands(tools, site_of(entries[0]))


def as_it_stands(tools: Tools, site: Site) -> Site:
    """The site without hosts, where they were made and the cloud has none of them any more: its own clock removed them,
    it took them back, or somebody did. Of several the others stand. Where nobody can tell all do."""
    entry = site.entry
    if entry is None or entry.phase != "up" or not entry.hosts:
        return site
    target = tools.targets.find(site.target)
    gone = target.gone(entry.hosts) if target.makes else frozenset()
    if len(gone) < len(entry.hosts):
        return replace(site, gone=gone)
    known = tools.index.known(site.id)
    if known is None or known.hosts != entry.hosts:
        # Somebody made others meanwhile.
        return site
    return with_entry(tools, site, phase="gone", hosts=(), went=entry.hosts, home="", awaited=False, readied=False)


def newest_run(site: Site) -> Run | None:
    """The run that was made last."""
    return site.runs.newest()


def entered(tools: Tools, site: Site, *, as_root: bool) -> Sequence[Host]:
    """The hosts as a play is told of them.

    Raises:
        HostUnreachable, NotPermitted: the user may not log in there, or not become root.
    """
    return tools.targets.find(site.target).entered(site.hosts, site.root(), as_root=as_root)


def agents(tools: Tools, site: Site) -> tuple[HostAgent, ...]:
    """The agents of the deployment's hosts, one a host, in the order of the hosts."""
    target = tools.targets.find(site.target)

    def connection(host: Host) -> Connection:
        return AbsentConnection(host.name) if host.name in site.gone else target.connect(host, site.root())

    return tuple(HostAgent(connection(host), site.id, host.name, rank) for rank, host in enumerate(site.hosts))


def outputs_at_home(site: Site, run: Run, agent: HostAgent) -> Path:
    """Where the outputs from a host lie: in the run's folder, each in one of its own where there are several hosts."""
    folder = site.folder / "outputs" / run.id
    return folder if run.nodes == 1 else folder / agent.name


def host_number(site: Site, name: str | None) -> int:
    """The place of a host among the deployment's; the first where no name is given.

    Raises:
        UnknownHost: there is none of that name.
    """
    names = [each.name for each in site.hosts]
    if name is not None and name not in names:
        raise UnknownHost(f"{site.name} has no host {name!r}", hint=f"its hosts are: {', '.join(names) or 'none'}")
    return names.index(name) if name else 0


def with_entry(tools: Tools, site: Site, **changes: Any) -> Site:
    """The site after a change of its entry in the index, which is written too. A forgotten one stays forgotten."""
    known = tools.index.known(site.id)
    if known is None:
        return replace(site, entry=None)
    entry = replace(known, updated_at=stamp(tools.clock.now()), **changes)
    tools.index.put(entry)
    return replace(site, entry=entry)


def site_of(entry: Entry) -> Site:
    """The site that an entry of the index describes."""
    return Site(Path(entry.folder), entry.target, entry.id, entry.name, entry)


def _rendered(tools: Tools, folder: Path, target: str | None) -> Site | None:
    """The deployment whose files lie in a folder that the index does not know: a clone, a moved one, a lost index.

    Raises:
        UnknownDeployment: the folder is a copy of another one, whose deployment it is.
    """
    names = [target] if target else sorted(path.name for path in (folder / "infra").glob("*"))
    for name in names:
        root = Path("infra") / name / COMPUTE
        found = read_deployment_id(folder / root)
        if found is None:
            continue
        entry = tools.index.known(found)
        if entry is None:
            return Site(folder, name, found, found.rpartition("-")[0], None)
        original = Path(entry.folder)
        if standing(folder, original, found, _reader(root)) is Standing.COPIED:
            raise UnknownDeployment(
                f"{folder} is a copy of {original}, and nothing has been deployed from the copy",
                hint=f"name {found} to mean that deployment; `cynthus up` gives the copy one of its own",
            )
        return Site(folder, name, found, entry.name, replace(entry, folder=str(folder)))
    return None


def _reader(root: Path) -> ReadId:
    return lambda folder: read_deployment_id(folder / root)
