"""What one command tries again, and how often: a machine that is taken back before main.py runs, places without any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.run import RunState
from cynthus.errors import AnsibleError, HostError, HostUnreachable, NowhereLeft, RunLost
from cynthus.operations.retry import may_go_on, taken, taken_back
from cynthus.operations.site import as_it_stands, newest_run

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.core.spec import AppSpec
    from cynthus.errors import CynthusError
    from cynthus.operations.request import Request
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

WAITS = (60.0, 120.0, 300.0, 600.0)
"""Seconds until all places are asked again, the last of them from then on."""
_OF_HOSTS = (AnsibleError, HostError, HostUnreachable, RunLost)
"""What comes of a machine that is gone all of a sudden."""


class Tries(Struct):
    """How often that was so far."""

    tools: Tools
    spec: AppSpec
    _count: int = 0
    _before: Run | None = None

    def begin(self, site: Site) -> None:
        """Another try begins."""
        if self.spec.resources.spot:
            self._before = newest_run(site)

    def after(self, site: Site, request: Request, error: CynthusError) -> Request:
        """What is to be done after an error.

        Raises:
            CynthusError: the error; it is none of those, or that was tried often enough.
        """
        self._count += 1
        again = self._again(site, request, error) if self._count < self.spec.retry.attempts else None
        if again is None:
            raise error
        return again

    def _again(self, site: Site, request: Request, error: CynthusError) -> Request | None:
        if isinstance(error, NowhereLeft):
            return self._later(request, error) if "no_capacity" in self.spec.retry.on else None
        if not self.spec.resources.spot:
            return None
        tools = self.tools
        fresh = as_it_stands(tools, replace(site, entry=tools.index.known(site.id) or site.entry))
        again = self._elsewhere(fresh, request, error)
        if again is not None:
            tools.progress.note(f"{error.message}: on to another machine")
        return again

    def _later(self, request: Request, error: NowhereLeft) -> Request:
        wait = WAITS[min(self._count, len(WAITS)) - 1]
        which = f"{self._count + 1} of {self.spec.retry.attempts}"
        self.tools.progress.note(f"{error.message}: all of them again in {wait / 60:g} min ({which})")
        self.tools.clock.sleep(wait)
        # To the same offer somebody has said yes.
        return replace(request, yes=True)

    def _elsewhere(self, site: Site, request: Request, error: CynthusError) -> Request | None:
        run = newest_run(site)
        # One that rested before has nothing to do with it.
        mine = run if run is not None and not _same(run, self._before) else None
        if mine is not None and mine.state is not RunState.PREEMPTED and isinstance(error, _OF_HOSTS):
            mine = taken_back(self.tools, site, mine)
        if mine is not None and mine.state is RunState.PREEMPTED:
            site.runs.save(mine)
            return None if may_go_on(mine, self.spec.retry) else replace(request, yes=True)
        lost = isinstance(error, HostUnreachable) and "preempted" in self.spec.retry.on
        # There is no run yet, for none is made before its hosts let somebody in.
        return replace(request, yes=True) if lost and taken(self.tools, site) else None


def _same(run: Run, before: Run | None) -> bool:
    return before is not None and (run.id, run.attempt, run.state) == (before.id, before.attempt, before.state)
