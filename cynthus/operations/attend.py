"""Staying with a run until it has ended, and bringing home what it made."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable, Locked, RunLost
from cynthus.operations.at_work import at_work
from cynthus.operations.boundary import beginning_of, ended_before
from cynthus.operations.follow import Reading, follow, read_log, tail_offset
from cynthus.operations.gone import absence_told
from cynthus.operations.interleaved import Lines
from cynthus.operations.log_place import log_places, tail_begins
from cynthus.operations.observe import keep_together
from cynthus.operations.pull import Pulled, collect, with_hint
from cynthus.operations.recover import settle
from cynthus.operations.replayed import PATIENCE, Replayed
from cynthus.operations.saved import readers, savers
from cynthus.operations.silence import note_run
from cynthus.operations.site import agents, with_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.run import Run
    from cynthus.operations.follow import Sink
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.ports import PortNews
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.operations.warnings import Warnings
    from cynthus.targets.connection import Connection

NOTE = 10.0
"""Seconds between two notes of what the host says, for the time when it does not answer any more."""


class Attendance(Struct):
    """Follows one attempt at a run, and then the next. `seen` counts the bytes of each host's log that were shown, by
    rank, so that it can be interrupted and go on. `news` tells of its ports, where it has some, `warnings` of what its
    hosts warn of."""

    tools: Tools
    site: Site
    run: Run
    seen: dict[int, int] = field(default_factory=dict)
    news: PortNews | None = None
    warnings: Warnings | None = None
    _lines: dict[int, Lines] = field(default_factory=dict)
    _marks: dict[int, Replayed] = field(default_factory=dict)
    _noted: float = -NOTE

    def begin_at_tail(self, lines: int) -> bool:
        """Show no more than the last lines of what is there already; gives whether something is left out."""
        if self.run.attempt > 1:
            return self._begin_later(lines)
        for agent in self._there():
            self.seen[agent.rank] = tail_offset(agent.connection, agent.log(self.run.id, self.run.attempt), lines)
        return any(self.seen.values())

    def watch(self, sink: Sink) -> Run:
        """Show the log until the run has ended, or this attempt at it; those of several hosts line by line, each with
        its host's name.

        Raises:
            RunLost: there is no host to ask, or none any more.
            HostUnreachable: there is one, and it does not answer.
        """
        self.sinks(sink)
        there = self._there()
        if not there:
            raise RunLost(f"the host of run {self.run.id} is gone", hint="`cynthus run` starts another")
        readings = [
            Reading(agent, partial(self._count, agent.rank), self.seen.get(agent.rank, 0)) for agent in there
        ]
        with absence_told(self.tools, self.site):
            follow(partial(self._look, there), readings, self.tools.clock)
        if self.run.state is RunState.LOST:
            # Whoever removed it from its host has brought the log home before.
            self._show_from_home()
        elif self.run.state is RunState.PREEMPTED:
            self._show_saved()
            self._cut_off()
        self.flush()
        return self.run

    def next_attempt(self, site: Site, run: Run) -> Attendance:
        """The same for the attempt that `run` has come to, on the hosts of `site`: it shows in the same places, marks
        what was shown before, and says again what the new hosts have to say.

        What there still is of the log of the attempt that has ended is shown first.
        """
        now = self
        for attempt in range(self.run.attempt + 1, run.attempt + 1):
            now._show_saved()
            now.cross()
            self.tools.progress.note(beginning_of(run, attempt))
            now = replace(now, site=site, run=replace(run, attempt=attempt), seen={})
        return replace(
            now, site=site, run=run, news=self.news and self.news.anew(),
            warnings=self.warnings and self.warnings.anew(),
        )

    def sinks(self, sink: Sink) -> dict[int, Replayed]:
        """Where the log of each rank goes. The same each time, for a line may be half read."""
        if self.run.nodes == 1:
            self._mark(0).sink = sink
            return self._marks
        names = dict(enumerate(host.name for host in self.site.hosts))
        for rank in range(self.run.nodes):
            self._mark(rank).sink = self._lines.setdefault(rank, Lines(names.get(rank, f"host-{rank}"), sink))
        return self._marks

    def cross(self) -> None:
        """Let the next attempt begin: what was shown until now was printed before."""
        self._cut_off()
        for mark in self._marks.values():
            mark.next_attempt()

    def flush(self) -> None:
        """Show also the last lines that have no end."""
        for mark in self._marks.values():
            mark.flush()
        for lines in self._lines.values():
            lines.flush()

    def finish(self) -> Pulled | None:
        """Record the end and bring the outputs home; None where somebody else is doing that right now."""
        self.flush()
        try:
            with at_work(self.tools, self.site, "finish") as (self.site, _):
                self.run = self._settled()
                try:
                    return self._collect()
                finally:
                    with_entry(self.tools, self.site, last_run=self.run)
        except Locked as error:
            self.tools.progress.note(f"{error.message}: they bring the outputs home")
            return None

    def rest(self) -> None:
        """Record that it rests, as it was seen, unless somebody else is at work and records that."""
        with suppress(Locked), at_work(self.tools, self.site, "follow") as (self.site, _):
            settled = settle(self.site, self.run)
            if settled.attempt == self.run.attempt:
                self.run = settled
            with_entry(self.tools, self.site, last_run=settled)

    def _there(self) -> tuple[HostAgent, ...]:
        return agents(self.tools, self.site)[: self.run.nodes]

    def _look(self, there: Sequence[HostAgent]) -> Run:
        """How the run stands now; and what is there to tell beside the log is told."""
        now = self.tools.clock.monotonic()
        for mark in self._marks.values():
            mark.look(now)
        # Anew each time: somebody else may cancel a run before it has begun, or go on with another attempt.
        known = self.site.runs.get(self.run.id) or self.run
        if known.attempt > self.run.attempt:
            known = ended_before(self.run, known)
        if known.state is RunState.PREEMPTED:
            self.run = known
            return known
        self.run = keep_together(known, there, self.tools.clock)
        if self.news is not None:
            self.news.look(there, self.run, self.tools.clock)
        if self.warnings is not None:
            self.warnings.look(there, self.run, self.tools.clock)
        if self.run.over or now - self._noted >= NOTE:
            self._noted = now
            note_run(self.tools, self.site, self.run)
        return self.run

    def _mark(self, rank: int) -> Replayed:
        if rank not in self._marks:
            # Of several hosts all lines are shown as a whole.
            self._marks[rank] = Replayed(_unseen, patience=PATIENCE if self.run.nodes == 1 else None)
        return self._marks[rank]

    def _count(self, rank: int, data: bytes) -> None:
        self._marks[rank](data)
        self.seen[rank] = self.seen.get(rank, 0) + len(data)

    def _begin_later(self, lines: int) -> bool:
        """`begin_at_tail` where earlier attempts have printed what may be printed again."""
        left_out = False
        for agent in readers(self.tools, self.site, self.run):
            places = log_places(self.tools, self.site, self.run, agent.rank, (agent,), _raise)
            mark, begin = self._mark(agent.rank), tail_begins(places[-1:], lines)[0]
            for place in places[:-1]:
                place.hide(mark, place.size)
                mark.next_attempt()
            places[-1].hide(mark, begin)
            mark.hidden, self.seen[agent.rank] = False, begin
            left_out = left_out or any(place.size for place in places[:-1]) or begin > 0
        return left_out

    def _cut_off(self) -> None:
        for mark in self._marks.values():
            mark.cut_off()

    def _show_saved(self) -> None:
        """Show what was saved of the log, or came home, and was not shown yet."""
        for agent in savers(self.tools, self.site, self.run):
            try:
                self._show(agent.rank, agent.connection, agent.log(self.run.id, self.run.attempt))
            except HostUnreachable as error:
                self.tools.progress.warn(f"{error.message}; {error.hint}")
        self._show_from_home()

    def _show_from_home(self) -> None:
        for rank in self._marks:
            self._show(rank, self.tools.here, PurePosixPath(self.site.paths.log(self.run.id, rank, self.run.attempt)))

    def _show(self, rank: int, connection: Connection, path: PurePosixPath) -> None:
        for data in read_log(connection, path, self.seen.get(rank, 0)) if rank in self._marks else ():
            self._count(rank, data)

    def _settled(self) -> Run:
        known = self.site.runs.get(self.run.id)
        # What became of an attempt is on record where there is a later one.
        later = known is not None and known.attempt > self.run.attempt
        return known if known is not None and later else settle(self.site, self.run)

    def _collect(self) -> Pulled | None:
        there = readers(self.tools, self.site, self.run)
        if all(agent.absent for agent in there):
            return None
        pulled = collect(self.site, self.run, there, self.tools.progress)
        self.run = pulled.run
        if pulled.problem:
            self.tools.progress.warn(pulled.problem)
        return with_hint(pulled, self.site, there)


def _unseen(data: bytes) -> None:
    """Show nothing."""


def _raise(error: HostUnreachable) -> None:
    raise error
