"""Hosts that do not answer: asked side by side and in bounded time, so that one of them holds nobody up."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from cynthus.core.clock import stamp
from cynthus.errors import HostUnreachable
from cynthus.operations.side_by_side import side_by_side
from cynthus.operations.site import agents
from cynthus.state.heard import Heard, Hearing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.deployment import Host
    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

ANSWER = 20.0
"""Seconds for a host to say that it is there; `ssh` gives one up that takes no connection after ten."""


def silent_hosts(tools: Tools, site: Site, *, seconds: float = ANSWER) -> Mapping[str, HostUnreachable]:
    """The hosts that do not answer, by name, and what is known about why."""
    far = [(host, agent) for host, agent in zip(site.hosts, agents(tools, site), strict=True) if distant(host)]
    asked = side_by_side([partial(_knock, agent) for _, agent in far])
    deadline, silent = time.monotonic() + seconds, {}
    for (host, _), answer in zip(far, asked, strict=True):
        try:
            answer.result(max(0.0, deadline - time.monotonic()))
        except HostUnreachable as error:
            silent[host.name] = error
        except TimeoutError:
            silent[host.name] = in_time(host, seconds)
    return silent


def _knock(agent: HostAgent) -> None:
    """Ask for what every host knows."""
    _ = agent.home


def distant(host: Host) -> bool:
    """Whether there is a way to the host that may be cut."""
    return host.connection.kind != "local"


def in_time(host: Host, seconds: float) -> HostUnreachable:
    """The error for a host that takes connections and says nothing."""
    return HostUnreachable(
        f"{host.name} ({host.address}) has not answered within {seconds:.0f} s",
        hint="it may be overloaded, or its disk may hang: log in by hand, which `cynthus ssh` does",
    )


def last_heard(site: Site, host: str) -> Heard | None:
    """What a host said last, as far as that is known here."""
    return Hearing(site.paths.heard).last(host)


def note_heard(
    tools: Tools, site: Site, host: Host, run: Run | None, report: Mapping[str, object] | None
) -> None:
    """Remember that a host has answered, and what: the newest run, and the status.json of it."""
    if distant(host):
        beat = report.get("beat_at") if report else None
        heard = Heard(stamp(tools.clock.now()), beat if isinstance(beat, str) else None, run)
        Hearing(site.paths.heard).note(host.name, heard)


def note_run(tools: Tools, site: Site, run: Run) -> None:
    """The same of the first host, which has just told of a run; it is asked for the heartbeat."""
    for host, agent in zip(site.hosts[:1], agents(tools, site), strict=False):
        if distant(host) and host.name not in site.gone:
            note_heard(tools, site, host, run, agent.status(run.id, run.attempt))


def last_known_runs(site: Site) -> tuple[Run, ...]:
    """The runs as they are known here, the newest last: recorded, or seen by whoever looked last."""
    runs = site.runs.all() if site.folder.is_dir() else ()
    known = {run.id: run for run in (*((site.entry.last_run,) if site.entry else ()), *runs) if run}
    heard = next((last_heard(site, host.name) for host in site.hosts[:1]), None)
    seen = heard.run if heard else None
    if seen is not None and (seen.id not in known or len(known[seen.id].transitions) < len(seen.transitions)):
        known[seen.id] = seen
    return tuple(known[name] for name in sorted(known))


def with_way_out(error: HostUnreachable) -> HostUnreachable:
    """The same error, for a command that changes something: it also says how to do without the host."""
    way_out = "if it never comes back, `cynthus down --discard` forgets it"
    return HostUnreachable(error.message, hint=f"{error.hint}; {way_out}", details=error.details)
