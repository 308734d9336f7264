"""What a host warns of while a run goes on there, as its agent tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from cynthus.errors import HostUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cynthus.core.clock import Clock
    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent

_PAUSE = 5.0
"""Seconds between two looks: a disk does not fill up within one, and each look reads a file on the host."""


class Warned(Struct, frozen=True):
    """What it warns of; '' where there is nothing. `free` are the bytes left on its disk, None where nobody knows."""

    text: str = ""
    free: int | None = None


def warned(report: Mapping[str, object] | None) -> Warned:
    """The warning in a status.json; an earlier agent writes none."""
    free = (report or {}).get("disk_free_bytes")
    return Warned(str((report or {}).get("warning") or ""), free if isinstance(free, int) else None)


class Warnings(Struct):
    """Tells of each host what it warns of, when that changes; a warning without text says that it is over."""

    tell: Callable[[HostAgent, Warned], None]
    _told: dict[int, str] = field(default_factory=dict)
    _due: float = 0.0

    def anew(self) -> Warnings:
        """The same for other hosts, of which nothing was told yet."""
        return Warnings(self.tell)

    def look(self, there: Sequence[HostAgent], run: Run, clock: Clock) -> None:
        """Costs nothing most of the time: the log is looked at more often than this."""
        if not run.state.begun or run.over or clock.monotonic() < self._due:
            return
        self._due = clock.monotonic() + _PAUSE
        for agent in there:
            found = _asked(agent, run)
            if found is not None and found.text != self._told.get(agent.rank, ""):
                self._told[agent.rank] = found.text
                self.tell(agent, found)


def _asked(agent: HostAgent, run: Run) -> Warned | None:
    try:
        return warned(agent.status(run.id, run.attempt))
    except HostUnreachable:
        # What becomes of the run then is for others to say.
        return None
