"""Staying with a run until it has ended, and bringing home what it made."""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cynthus.core.run import RunState
from cynthus.errors import Locked, RunLost
from cynthus.operations.at_work import at_work
from cynthus.operations.follow import Reading, follow, read_log, tail_offset
from cynthus.operations.gone import absence_told
from cynthus.operations.interleaved import Lines
from cynthus.operations.observe import keep_together
from cynthus.operations.pull import Pulled, collect, with_hint
from cynthus.operations.recover import settle
from cynthus.operations.saved import readers
from cynthus.operations.silence import note_run
from cynthus.operations.site import agents, with_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cynthus.core.run import Run
    from cynthus.operations.follow import Sink
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.ports import PortNews
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.operations.warnings import Warnings


NOTE = 10.0
"""Seconds between two notes of what the host says, for the time when it does not answer any more."""


class Attendance(Struct):
    """Follows one run. `seen` counts the bytes of each host's log that were shown, by rank, so that it can be
    interrupted and go on. `news` tells of its ports, where it has some, `warnings` of what its hosts warn of."""

    tools: Tools
    site: Site
    run: Run
    seen: dict[int, int] = field(default_factory=dict)
    news: PortNews | None = None
    warnings: Warnings | None = None
    _lines: dict[int, Lines] = field(default_factory=dict)

    def begin_at_tail(self, lines: int) -> bool:
        """Show no more than the last lines of what is there already; gives whether something is left out."""
        for agent in self._there():
            self.seen[agent.rank] = tail_offset(agent.connection, agent.log(self.run.id, self.run.attempt), lines)
        return any(self.seen.values())

    def watch(self, sink: Sink) -> Run:
        """Show the log until the run has ended; those of several hosts line by line, each with its host's name.

        Raises:
            RunLost: there is no host to ask, or none any more.
            HostUnreachable: there is one, and it does not answer.
        """
        there = self._there()
        if not there:
            raise RunLost(f"the host of run {self.run.id} is gone", hint="`cynthus run` starts another")
        sinks = self.sinks(sink)

        noted = -NOTE

        def look() -> Run:
            nonlocal noted
            # Anew each time: somebody else may cancel a run before it has begun.
            known = self.site.runs.get(self.run.id) or self.run
            self.run = keep_together(known, there, self.tools.clock)
            if self.news is not None:
                self.news.look(there, self.run, self.tools.clock)
            if self.warnings is not None:
                self.warnings.look(there, self.run, self.tools.clock)
            if self.run.over or self.tools.clock.monotonic() - noted >= NOTE:
                noted = self.tools.clock.monotonic()
                note_run(self.tools, self.site, self.run)
            return self.run

        readings = [
            Reading(agent, self._counting(agent.rank, sinks[agent.rank]), self.seen.get(agent.rank, 0))
            for agent in there
        ]
        with absence_told(self.tools, self.site):
            follow(look, readings, self.tools.clock)
        if self.run.state is RunState.LOST:
            # Whoever removed it from its host has brought the log home before.
            self.show_from_home(sinks)
        self.flush()
        return self.run

    def sinks(self, sink: Sink) -> dict[int, Sink]:
        """Where the log of each rank goes. The same each time, for a line may be half read."""
        if self.run.nodes == 1:
            return {0: sink}
        names = dict(enumerate(host.name for host in self.site.hosts))
        return {
            rank: self._lines.setdefault(rank, Lines(names.get(rank, f"host-{rank}"), sink))
            for rank in range(self.run.nodes)
        }

    def flush(self) -> None:
        """Show also the last lines that have no end."""
        for lines in self._lines.values():
            lines.flush()

    def show_from_home(self, sinks: Mapping[int, Sink]) -> None:
        """Show of the copies at home what was not shown yet."""
        for rank, sink in sinks.items():
            path = PurePosixPath(self.site.paths.log(self.run.id, rank))
            count = self._counting(rank, sink)
            for data in read_log(self.tools.here, path, self.seen.get(rank, 0)):
                count(data)

    def finish(self) -> Pulled | None:
        """Record the end and bring the outputs home; None where somebody else is doing that right now."""
        try:
            with at_work(self.tools, self.site, "finish") as (self.site, _):
                self.run = settle(self.site, self.run)
                try:
                    return self._collect()
                finally:
                    with_entry(self.tools, self.site, last_run=self.run)
        except Locked as error:
            self.tools.progress.note(f"{error.message}: they bring the outputs home")
            return None

    def next_attempt(self, site: Site, run: Run) -> Attendance:
        """What follows the attempt after this one."""
        return Attendance(self.tools, site, run, warnings=self.warnings)

    def rest(self) -> None:
        """Record that it rests, as it was seen, unless somebody else is at work and records that."""
        with suppress(Locked), at_work(self.tools, self.site, "follow") as (self.site, _):
            self.run = settle(self.site, self.run)
            with_entry(self.tools, self.site, last_run=self.run)

    def _there(self) -> tuple[HostAgent, ...]:
        return agents(self.tools, self.site)[: self.run.nodes]

    def _counting(self, rank: int, sink: Sink) -> Callable[[bytes], None]:
        def count(data: bytes) -> None:
            sink(data)
            self.seen[rank] = self.seen.get(rank, 0) + len(data)

        return count

    def _collect(self) -> Pulled | None:
        there = readers(self.tools, self.site, self.run)
        if all(agent.absent for agent in there):
            return None
        pulled = collect(self.site, self.run, there, self.tools.progress)
        self.run = pulled.run
        if pulled.problem:
            self.tools.progress.warn(pulled.problem)
        return with_hint(pulled, self.site, there)
