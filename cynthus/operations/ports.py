"""The ports of a run, as its host tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from cynthus.errors import HostUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cynthus.core.clock import Clock
    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent

_PAUSE = 1.0
"""Seconds between two looks for the first answer of a port."""


class ServedPort(Struct, frozen=True):
    """One port. `host_port` is the same on the host, where it is bound to loopback; None before that is known. `since`
    is when `healthy` became what it is, and `reason` says why it is not."""

    port: int
    health: str | None
    host_port: int | None
    healthy: bool
    since: str | None
    reason: str


def ports_of(report: Mapping[str, object] | None) -> tuple[ServedPort, ...]:
    """The ports in a status.json; none where it has none, or an earlier agent wrote it."""
    listed = (report or {}).get("ports")
    return tuple(_port(each) for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()


def _port(each: Mapping[str, object]) -> ServedPort:
    health, host_port, since = each.get("health"), each.get("host_port"), each.get("since")
    return ServedPort(
        port=int(str(each["port"])),
        health=str(health) if health else None,
        host_port=host_port if isinstance(host_port, int) else None,
        healthy=each.get("healthy") is True,
        since=str(since) if since else None,
        reason=str(each.get("reason") or ""),
    )


def expects_ports(document: Mapping[str, object]) -> bool:
    """Whether a run by that run document has any."""
    return bool(document.get("ports"))


class PortNews(Struct):
    """Tells of each port of a run once, on each host, when it has become healthy there."""

    tell: Callable[[HostAgent, ServedPort], None]
    _told: set[tuple[int, int]] = field(default_factory=set)
    _due: float = 0.0
    _over: bool = False

    def anew(self) -> PortNews:
        """The same for other hosts, of which nothing was told yet."""
        return PortNews(self.tell)

    def look(self, there: Sequence[HostAgent], run: Run, clock: Clock) -> None:
        """Costs nothing most of the time: the log is looked at more often than this."""
        if self._over or not run.state.begun or clock.monotonic() < self._due:
            return
        self._due = clock.monotonic() + _PAUSE
        found = [(agent, each) for agent in there for each in _asked(agent, run)]
        for agent, each in found:
            if each.healthy and (agent.rank, each.port) not in self._told:
                self._told.add((agent.rank, each.port))
                self.tell(agent, each)
        self._over = bool(found) and all((agent.rank, each.port) in self._told for agent, each in found)


def _asked(agent: HostAgent, run: Run) -> tuple[ServedPort, ...]:
    try:
        return ports_of(agent.status(run.id, run.attempt))
    except HostUnreachable:
        # What becomes of the run then is for others to say.
        return ()
