"""`down --purge`: taking away what Cynthus has installed on hosts, as they have noted it themselves."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.errors import HostError, UsageError
from cynthus.operations.site import entered
from cynthus.operations.sudo import sudo_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.ansible.client import Activity, PlayResult
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal

LEDGER = PurePosixPath("/var/lib/cynthus/installed.json")
"""Where a host keeps it: `ledger_file` of the role."""
ROLE = "ledger"
_SHOWN = 12
"""Packages and files in a line; a Docker Engine brings some twenty."""


class Purge(Struct, frozen=True):
    """What would be removed was shown; `password` is what sudo asks for."""

    password: str | None

    def __repr__(self) -> str:
        # What is written of it somewhere never has the password.
        return "Purge()"

    def carry_out(self, tools: Tools, site: Site, journal: Journal) -> None:
        """Remove it. What was removed already is fine.

        Raises:
            StillNeeded: others have begun to use it.
        """
        with journal.step("purge"), tools.progress.step("Remove what was installed") as step:
            _play(tools, site, step.activity, self.password)


def plan_purge(tools: Tools, site: Site) -> Purge | None:
    """Show what would be removed; None where nothing was installed.

    Raises:
        UsageError: it cannot be removed from here.
        StillNeeded: others use it.
        PasswordNeeded, PasswordWrong: sudo asks for a password.
    """
    target = tools.targets.find(site.target)
    if not target.installs:
        raise UsageError(
            f"on target {site.target} nothing is ever installed, so there is nothing to purge; nothing was removed",
            hint="leave --purge out",
        )
    if not site.hosts:
        tools.progress.warn(f"{site.name} has no hosts now, so nothing is purged: `cynthus prepare` brings them back")
        return None
    if not (site.root() / "ansible/playbooks/purge.yml").is_file():
        raise UsageError(
            f"{site.root()} has no ansible/playbooks/purge.yml, which removes what was installed; nothing was removed",
            hint="`cynthus render` writes it, or leave --purge out",
        )
    noted = [host for host in site.hosts if target.connect(host, site.root()).size(LEDGER) is not None]
    if not noted:
        tools.progress.note("nothing was installed by Cynthus, so nothing of that kind is removed")
        return None
    password = sudo_password(tools, target.asking(noted, site.root()))
    with tools.progress.step("Look what was installed") as step:
        seen = _play(tools, site, step.activity, password, ledger_only=True)
    for host in noted:
        for line in _lines(host.name, _found(seen, host.name)):
            tools.progress.note(line)
    return Purge(password)


def _play(tools: Tools, site: Site, activity: Activity, password: str | None, **extravars: object) -> PlayResult:
    return tools.ansible.play(
        site.root() / "ansible/playbooks/purge.yml",
        inventory=site.root() / "inventory.py",
        hosts=entered(tools, site, as_root=True),
        extravars={"ledger_deployment": site.id, **extravars},
        activity=activity,
        sudo_password=password,
    )


def _found(seen: PlayResult, host: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(seen.stdout(ROLE, host))
        return {"removes": [*map(str, found["removes"])], "kept": [*map(str, found["kept"])]}
    except (ValueError, KeyError, TypeError):
        hint = f"look at {LEDGER} there, or leave --purge out"
        raise HostError(f"{host}: nobody can tell what was installed there", hint=hint) from None


def _lines(host: str, found: dict[str, Any]) -> Iterator[str]:
    removes = found["removes"]
    for first in range(0, len(removes), _SHOWN):
        yield f"  - {host}: {', '.join(removes[first : first + _SHOWN])}"
    for each in found["kept"]:
        yield f"  = {host}: stays: {each}"
