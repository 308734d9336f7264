"""`ssh`: a shell on a host, or a command there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import NothingRunning
from cynthus.operations.site import agents, host_number, locate

if TYPE_CHECKING:
    from cynthus.operations.tools import Tools
    from cynthus.process import Command


def command_on_host(
    tools: Tools, where: str | None, arguments: tuple[str, ...], *, target: str | None = None, host: str | None = None,
    tty: bool,
) -> Command:
    """The command that, started here, runs `arguments` on a host; the user's shell where there are none.

    Raises:
        NothingRunning: no host stands.
        UnknownHost: there is no host of that name.
    """
    site = locate(tools, where, target=target)
    there = agents(tools, site)
    if not there:
        raise NothingRunning(f"{site.name} has no host that stands", hint="`cynthus up` makes one")
    return there[host_number(site, host)].connection.command(arguments, tty=tty)
