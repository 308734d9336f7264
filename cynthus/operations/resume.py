"""The next attempt of a run that is followed: its machine was taken back, and another one is made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import CynthusError, Locked, RunPreempted
from cynthus.operations.app import load_app
from cynthus.operations.at_work import at_work
from cynthus.operations.boundary import ended_before
from cynthus.operations.recover import look_again
from cynthus.operations.retry import may_go_on, request_for
from cynthus.operations.site import as_it_stands, site_of
from cynthus.operations.up import up

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.operations.attend import Attendance
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

PAUSE = 2.0
"""Seconds between two looks at what somebody else does who goes on with the run."""


def resume(tools: Tools, attendance: Attendance) -> Attendance:
    """Go on with a run that rests, and with showing it; where somebody else does, with theirs.

    Raises:
        RunPreempted: it stays at rest; `cynthus up` goes on with it.
        CynthusError: no machine can be made, or main.py cannot be started there.
    """
    run, site = attendance.run, attendance.site
    tools.progress.note(f"attempt {run.attempt} is over: {run.reason}")
    waited = False
    while True:
        known = site.runs.get(run.id) or run
        if known.attempt > run.attempt and known.state.begun:
            return attendance.next_attempt(_as_it_stands(tools, site), known)
        if known.attempt == run.attempt:
            _insist(tools, site, run)
        try:
            outcome = up(tools, request_for(run, site))
        except Locked as error:
            if not waited:
                tools.progress.note(f"{error.message}: they go on with it")
            waited = True
            tools.clock.sleep(PAUSE)
        else:
            return attendance.next_attempt(outcome.site, outcome.run)


def _insist(tools: Tools, site: Site, run: Run) -> None:
    """See that it is to go on by itself.

    Raises:
        RunPreempted: it is not, or nobody can tell.
    """
    try:
        why_not = may_go_on(run, load_app(tools, str(site.folder), target=site.target).spec.retry)
    except CynthusError as error:
        raise RunPreempted(
            f"run {run.id} rests: {run.reason}; it does not go on by itself, for {error.message}",
            hint=f"{error.hint}; then `cynthus up` goes on with it", details=error.details,
        ) from error
    if why_not:
        raise RunPreempted(f"run {run.id} rests: {run.reason}, and {why_not}", hint="`cynthus up` goes on with it")


def look_why(tools: Tools, attendance: Attendance) -> Run:
    """What became of a run whose host is gone: it may have come to its end all the same, or rest since the cloud has
    taken that back. It is on record then."""
    run = attendance.run
    while True:
        try:
            with at_work(tools, attendance.site, "follow") as (site, _):
                attendance.site = as_it_stands(tools, site)
                known = attendance.site.runs.get(run.id)
                later = known is not None and known.attempt > run.attempt
                attendance.run = (
                    ended_before(run, known) if known and later else look_again(tools, attendance.site, run)
                )
                return attendance.run
        except Locked:
            # Somebody else looks at the same.
            tools.clock.sleep(PAUSE)


def _as_it_stands(tools: Tools, site: Site) -> Site:
    entry = tools.index.known(site.id)
    return as_it_stands(tools, site_of(entry)) if entry is not None else site
