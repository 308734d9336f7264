"""`exec`: a command beside main.py, in its environment and folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import NothingRunning, UsageError
from cynthus.operations.found import run_named
from cynthus.operations.site import agents, host_number, locate

if TYPE_CHECKING:
    from cynthus.operations.tools import Tools
    from cynthus.process import Command


def command_beside(
    tools: Tools, where: str | None, arguments: tuple[str, ...], *, target: str | None = None,
    run_id: str | None = None, host: str | None = None, tty: bool,
) -> Command:
    """The command that, started here, runs `arguments` beside a run.

    Raises:
        NothingRunning: there is no run, or its files are gone.
    """
    if not arguments:
        raise UsageError("exec needs a command", hint="cynthus exec -- python -c 'import sys; print(sys.version)'")
    site = locate(tools, where, target=target)
    run = run_named(tools, site, run_id)
    there = agents(tools, site)
    number = host_number(site, host)
    if run is None or not run.started_at or not there:
        raise NothingRunning(f"{site.name} has no run to work beside", hint="`cynthus up` starts one")
    agent = there[number]
    if not agent.present:
        raise NothingRunning(f"nothing of {site.name} is on the host any more", hint="`cynthus up` brings it back")
    return agent.connection.command(agent.argv("exec", "--run", run.id, "--", *arguments), tty=tty)
