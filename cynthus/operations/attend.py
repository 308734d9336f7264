"""Staying with a run until it has ended, and bringing home what it made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cynthus.core.run import RunState
from cynthus.errors import Locked, RunLost
from cynthus.operations.at_work import at_work
from cynthus.operations.follow import follow, read_log
from cynthus.operations.observe import observe
from cynthus.operations.pull import Pulled, collect, with_hint
from cynthus.operations.recover import settle
from cynthus.operations.site import agents, with_entry

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.operations.follow import Sink
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


@dataclass
class Attendance:
    """Follows one run. `seen` counts the log's bytes that were shown, so that it can be interrupted and go on."""

    tools: Tools
    site: Site
    run: Run
    seen: int = 0

    def watch(self, sink: Sink) -> Run:
        """Show the log until the run has ended.

        Raises:
            RunLost: there is no host to ask.
        """

        def count(data: bytes) -> None:
            sink(data)
            self.seen += len(data)

        there = agents(self.tools, self.site)
        if not there:
            raise RunLost(f"the host of run {self.run.id} is gone", hint="`cynthus run` starts another")

        def look() -> Run:
            # Anew each time: somebody else may cancel a run before it has begun.
            known = self.site.runs.get(self.run.id) or self.run
            self.run = observe(known, there[0], self.tools.clock)
            return self.run

        follow(look, there[0], self.tools.clock, count, offset=self.seen)
        if self.run.state is RunState.LOST:
            # Whoever removed it from its host has brought the log home before.
            for data in read_log(self.tools.here, PurePosixPath(self.site.paths.log(self.run.id)), self.seen):
                count(data)
        return self.run

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

    def _collect(self) -> Pulled | None:
        there = agents(self.tools, self.site)
        if not there or not there[0].present:
            return None
        pulled = collect(self.site, self.run, there[0], self.tools.progress)
        self.run = pulled.run
        return with_hint(pulled, self.site, there[0])
