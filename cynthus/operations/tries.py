"""What one command tries again, and how often: a machine that is taken back before main.py runs, places without any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.run import RunState
from cynthus.errors import AnsibleError, HostError, HostUnreachable, NowhereLeft, RunLost
from cynthus.operations.retry import await_end, may_go_on, request_for, taken, taken_back
from cynthus.operations.site import as_it_stands, newest_run

if TYPE_CHECKING:
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
        if not self.spec.resources.spot or not isinstance(error, _OF_HOSTS):
            return None
        tools = self.tools
        fresh = as_it_stands(tools, replace(site, entry=tools.index.known(site.id) or site.entry))
        again = self._elsewhere(fresh, request, error)
        if again is not None:
            tools.progress.note(f"{error.message}: on to another machine")
            await_end(tools, fresh)
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
        rested = taken_back(self.tools, site, run) if run is not None else None
        if rested is not None and rested.state is RunState.PREEMPTED:
            site.runs.save(rested)
            return None if may_go_on(rested, self.spec.retry) else request_for(rested, site)
        lost = isinstance(error, HostUnreachable) and "preempted" in self.spec.retry.on
        # There is no run yet, for none is made before its hosts let somebody in.
        return replace(request, yes=True) if lost and taken(self.tools, site) else None
