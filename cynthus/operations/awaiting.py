"""Waiting for hosts that were just made: they stand before anybody can log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import HostUnreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.deployment import Host
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

BOOT = 300.0
"""Seconds for a machine to boot and to let its user in; most take half a minute, large ones two or three."""
PAUSE = 1.0
GLANCE = 5
"""After how many knocks the cloud is asked whether there still is such a machine."""


def await_hosts(tools: Tools, site: Site, hosts: Sequence[Host]) -> None:
    """Wait until each of them lets us in.

    Raises:
        HostUnreachable: one does not within BOOT seconds, with what its console showed last; or it cannot be reached by
            this user, whatever it does.
    """
    with tools.progress.step("Wait for the hosts") as step:
        deadline = tools.clock.monotonic() + BOOT
        for host in hosts:
            step.activity(f"{host.name} boots")
            _await(tools, site, host, deadline)


def _await(tools: Tools, site: Site, host: Host, deadline: float) -> None:
    target, looks = tools.targets.find(site.target), 0
    while True:
        try:
            target.connect(host, site.root()).home(site.id)
        except HostUnreachable as error:
            if error.closed:
                raise _no_way(error, host) from None
            # Whatever ssh says: a machine that boots refuses, hangs up, and knows no user yet.
            if tools.clock.monotonic() >= deadline:
                raise _never_came(error, host, target.console(host)) from None
            looks += 1
            if looks % GLANCE == 0 and target.gone((host,)):
                raise _went(error, host) from None
            tools.clock.sleep(PAUSE)
        else:
            return


def _no_way(error: HostUnreachable, host: Host) -> HostUnreachable:
    return HostUnreachable(
        f"{host.name} was made, and there is no way to it: {error.message}",
        hint=f"{error.hint}; then `cynthus up` goes on. The machine costs until `cynthus down` removes it",
        details=error.details,
    )


def _went(error: HostUnreachable, host: Host) -> HostUnreachable:
    return HostUnreachable(
        f"{host.name} was made, and is gone before it let anybody in: the cloud has taken it back, or somebody has "
        "removed it",
        hint="`cynthus up` makes another one", details=error.details,
    )


def _never_came(error: HostUnreachable, host: Host, console: Sequence[str]) -> HostUnreachable:
    shown = ("the last that its console shows:", *console) if console else ()
    return HostUnreachable(
        f"{host.name} was made {BOOT / 60:.0f} minutes ago and lets nobody in: {error.message}",
        hint=f"{error.hint}; it costs until `cynthus down` removes it, and `cynthus up` tries again",
        details=(*error.details, *shown),
    )
