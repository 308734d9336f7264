"""Hosts that the user has taken out of a deployment keep nothing of it: what they saved comes home, then it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import HostUnreachable, PullFailed
from cynthus.operations.abandon import told, what_stays
from cynthus.operations.checkpoints import bring_checkpoints_home
from cynthus.operations.recover import bring_home
from cynthus.operations.silence import silent_hosts
from cynthus.operations.site import agents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.deployment import Host
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


def leave(tools: Tools, site: Site, staying: Sequence[Host]) -> None:
    """Take the deployment off those hosts of the site that are not among `staying`.

    Not off machines that Terraform makes and deletes: they go with all that is on them. Of a host that does not answer
    it is told what stays there.

    Raises:
        PullFailed: something of theirs could not be brought home; nothing was removed.
    """
    ways = {_way(host) for host in staying}
    gone = {host.name for host in site.hosts if _way(host) not in ways and host.connection.instance_id is None}
    if not gone:
        return
    silent = silent_hosts(tools, site)
    for left in what_stays(tools, site, {name: error for name, error in silent.items() if name in gone}):
        for line in told(left):
            tools.progress.warn(line)
    leaving = [agent for agent in agents(tools, site) if agent.name in gone - silent.keys()]
    if not any(agent.present for agent in leaving):
        return
    _save(tools, site, [agent.name for agent in leaving])
    with tools.progress.step("Remove what lies on the hosts that were taken out") as step:
        for agent in leaving:
            agent.remove()
        step.result(", ".join(agent.name for agent in leaving))


def _save(tools: Tools, site: Site, names: Sequence[str]) -> None:
    problems: list[str] = []
    try:
        if any(run.over and run.started_at and not run.pulled for run in site.runs.all()):
            problems += bring_home(tools, site)
    except HostUnreachable as error:
        problems.append(error.message)
    try:
        bring_checkpoints_home(tools, site, names)
    except PullFailed as error:
        problems.append(error.message)
    if problems:
        raise PullFailed(
            f"{problems[0]}; nothing was removed from {', '.join(names)}, which you have taken out",
            hint="mend that and run the command again, or name them in cynthus.yaml again",
        )


def _way(host: Host) -> tuple[str | None, str, int]:
    """What makes a host the same one: another user of a machine has another home."""
    return host.user, host.address, host.port
