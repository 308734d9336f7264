"""The next attempt of a run that is followed: its machine was taken back, and another one is made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.run import RunState
from cynthus.errors import RunPreempted
from cynthus.operations.app import load_app
from cynthus.operations.at_work import at_work
from cynthus.operations.recover import look_again
from cynthus.operations.retry import await_end, may_go_on, request_for
from cynthus.operations.site import as_it_stands
from cynthus.operations.up import up

if TYPE_CHECKING:
    from cynthus.operations.attend import Attendance
    from cynthus.operations.tools import Tools


def resume(tools: Tools, attendance: Attendance) -> Attendance:
    """Go on with a run that rests, and with showing it.

    Raises:
        RunPreempted: it stays at rest; `cynthus up` goes on with it.
        CynthusError: no machine can be made, or main.py cannot be started there.
    """
    run, site = attendance.run, attendance.site
    spec = load_app(tools, str(site.folder), target=site.target).spec
    why_not = may_go_on(run, spec.retry)
    if why_not:
        raise RunPreempted(f"run {run.id} rests: {run.reason}, and {why_not}", hint="`cynthus up` goes on with it")
    tools.progress.note(f"attempt {run.attempt} is over: {run.reason}")
    await_end(tools, site)
    outcome = up(tools, request_for(run, site))
    return attendance.next_attempt(outcome.site, outcome.run)


def look_why(tools: Tools, attendance: Attendance) -> bool:
    """Whether a run whose host is gone rests since the cloud has taken that back; on record then."""
    with at_work(tools, attendance.site, "follow") as (site, _):
        attendance.site = as_it_stands(tools, site)
        attendance.run = look_again(tools, attendance.site, attendance.run)
    return attendance.run.state is RunState.PREEMPTED
