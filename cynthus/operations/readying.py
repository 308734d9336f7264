"""Making hosts ready that stand already: what would be changed is shown and asked about before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.core import survey
from cynthus.errors import HostError, HostUnfit, NotAllowed, UsageError
from cynthus.operations.site import entered, with_entry
from cynthus.operations.sudo import sudo_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.ansible.client import PlayResult
    from cynthus.core.placement import Placement
    from cynthus.core.survey import Survey
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal

ROLE = "survey"
"""The role whose answer tells what would be changed."""


class Allowed(Struct, frozen=True):
    """What may be done to hosts beyond installing: a reboot or another driver; a restart of what others use."""

    reboot: bool = False
    disrupt: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """As a survey calls them."""
        return tuple(word for word, may in (("reboot", self.reboot), ("disrupt", self.disrupt)) if may)


def make_hosts_ready(
    tools: Tools, site: Site, placement: Placement, journal: Journal, *, yes: bool, allowed: Allowed
) -> None:
    """Install what the hosts lack.

    Raises:
        UsageError: the answer was no.
        ConfirmationNeeded: nobody is there to answer.
        PasswordNeeded, PasswordWrong: sudo asks for a password.
        HostError, HostUnfit, NotAllowed, DockerFailed, GpusFailed: nobody can tell, it cannot be done, may not be done,
            or does not work.
    """
    if not placement.unready:
        return
    target = tools.targets.find(site.target)
    if target.makes:
        _make_ours_ready(tools, site, journal)
        return
    password = sudo_password(tools, placement.asking)
    with tools.progress.step("Look at the hosts") as step:
        try_root = {"survey_try_root": True} if password else {}
        seen = _play(tools, site, step.activity, password, survey_only=True, **try_root)
        changes = list(_changes(site, seen, allowed))
        step.result(f"{len(changes)} to change" if changes else "ready")
    if changes:
        _accept(tools, changes, yes=yes)
        with journal.step("configure"), tools.progress.step("Make the hosts ready") as step:
            may = {"cynthus_allow_reboot": allowed.reboot, "cynthus_allow_disrupt": allowed.disrupt}
            _play(tools, site, step.activity, password, **may)
    for host in site.hosts:
        target.connect(host, site.root()).renew()


def _make_ours_ready(tools: Tools, site: Site, journal: Journal) -> None:
    """What was made for the deployment is nobody else's: nothing is asked, and it is done once."""
    if site.entry is None or site.entry.readied:
        return
    with journal.step("configure"), tools.progress.step("Make the hosts ready") as step:
        _play(tools, site, step.activity, None, cynthus_allow_reboot=True, cynthus_allow_disrupt=True)
    target = tools.targets.find(site.target)
    for host in site.hosts:
        target.connect(host, site.root()).renew()
    with_entry(tools, site, readied=True)


def _play(tools: Tools, site: Site, activity: Any, password: str | None, **extravars: object) -> PlayResult:
    return tools.ansible.play(
        site.root() / "ansible/playbooks/configure.yml",
        inventory=site.root() / "inventory.py",
        hosts=entered(tools, site, as_root=True),
        extravars=extravars,
        activity=activity,
        sudo_password=password,
    )


def _changes(site: Site, seen: PlayResult, allowed: Allowed) -> Iterator[str]:
    """What would be changed, a sentence each.

    Raises:
        HostUnfit: something stands in the way.
        NotAllowed: it would disrupt a host.
    """
    for host in site.hosts:
        found = _survey(seen, host.name)
        for obstacle in found.obstacles:
            raise HostUnfit(f"{host.name}: {obstacle.message}", hint=obstacle.hint)
        for change in found.refused(allowed.words):
            raise NotAllowed(f"{host.name}: {change}", hint=f"--allow-{change.needs} allows that, or do it yourself")
        yield from (f"{host.name}: {change.kind} {change.what}, since {change.why}" for change in found.changes)


def _survey(seen: PlayResult, host: str) -> Survey:
    lines = seen.stdout(ROLE, host).strip().splitlines() or [""]
    try:
        return survey.read(lines[-1])
    except ValueError:
        raise HostError(f"{host}: nobody can tell what it lacks", hint="`cynthus doctor` checks it") from None


def _accept(tools: Tools, changes: list[str], *, yes: bool) -> None:
    for change in changes:
        tools.progress.note(f"  ! {change}")
    consequence = f"this would make {len(changes)} change{'s' * (len(changes) != 1)} to machines of yours"
    if not yes and not tools.person.confirm("Change the machines?", consequence=consequence):
        raise UsageError("nothing was changed: you said no", hint="`runtime: venv` needs nothing installed")
