"""Picking up what a killed process left: its runs are looked at, what they saved comes home, what it began is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.run import Run, RunState
from cynthus.errors import HostError, HostUnreachable, PullFailed
from cynthus.operations.found import adopt
from cynthus.operations.launch import move
from cynthus.operations.observe import keep_together
from cynthus.operations.outcome import why_cancelled
from cynthus.operations.pull import collect
from cynthus.operations.retry import taken_back
from cynthus.operations.saved import all_gone, readers
from cynthus.operations.silence import note_run
from cynthus.operations.site import agents, newest_run
from cynthus.operations.states import mend_states

if TYPE_CHECKING:
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal

APPLIES = ("apply", "destroy")
"""How the steps begin in which Terraform writes a state."""


def recover(tools: Tools, site: Site, journal: Journal, *, home: bool = True) -> Run | None:
    """The newest run as it is now, after bringing home what ended ones left on their host, as far as that works.

    Without `home` that is left to the caller, who does it in any case.

    Terraform that still works for a killed process holds its own lock, and the next plan waits for that. A play that
    still goes on has no such lock, and is ended.
    """
    tools.ansible.end_leftovers()
    left = journal.open_intents()
    if any(intent.step.startswith(APPLIES) for intent in left):
        mend_states(tools, site)
    for intent in left:
        tools.progress.note(f"going on where `cynthus {intent.operation}` was cut off ({intent.step})")
        journal.record(intent.step, "failed", reason="cut off")
    adopt(tools, site)
    run = newest_run(site)
    if run is None:
        return None
    seen = look_again(tools, site, run)
    for problem in bring_home(tools, site) if home else ():
        tools.progress.warn(f"not brought home yet: {problem}")
    return site.runs.load(seen.id)


def look_again(tools: Tools, site: Site, run: Run) -> Run:
    """The run as it is now, on disk too."""
    there = _telling(tools, site, run)
    seen = keep_together(run, there, tools.clock)
    if seen.state is RunState.LOST or site.gone or not site.hosts:
        seen = taken_back(tools, site, seen)
    known = site.runs.get(seen.id)
    if known is not None and known.attempt > seen.attempt:
        # Somebody has gone on with it: what is on the host is of that attempt.
        return known
    if seen != run:
        site.runs.save(seen)
    if not all_gone(there):
        note_run(tools, site, seen)
    return seen


def found_again(tools: Tools, site: Site, run: Run | None) -> Run | None:
    """A lost run that goes on: its host was given up, and stands again."""
    if run is None or run.state is not RunState.LOST:
        return None
    seen = look_again(tools, site, run)
    return seen if seen.state is RunState.RUNNING else None


def bring_home(tools: Tools, site: Site) -> tuple[str, ...]:
    """Bring home what ended runs left on their host; gives a reason for each of which that did not work."""
    problems = []
    for run in site.runs.all():
        if run.over and run.state is not RunState.PREEMPTED and run.started_at and not run.pulled:
            try:
                there = _telling(tools, site, run)
                if not all(agent.absent for agent in there):
                    problems.append(collect(site, run, there, tools.progress).problem)
            except PullFailed as error:
                problems.append(error.message)
    return tuple(filter(None, problems))


def _telling(tools: Tools, site: Site, run: Run) -> tuple[HostAgent, ...]:
    """Who tells of a run. A bucket that cannot be read keeps nobody from going on: what it has stays there."""
    there = readers(tools, site, run)
    if not all_gone(there):
        return there
    try:
        return tuple(agent for agent in there if agent.present)
    except HostUnreachable as error:
        tools.progress.warn(f"{error.message}; {error.hint}")
        return agents(tools, site)[: run.nodes]


def withdraw(tools: Tools, site: Site, run: Run, reason: str) -> Run:
    """Give up a run that has not started, on its hosts first: a play that still goes on must not start it later."""
    for agent in agents(tools, site):
        if agent.present:
            agent.stop(run.id, reason)
    return move(tools, site, run, RunState.CANCELLED, why_cancelled(reason))


def settle(site: Site, run: Run) -> Run:
    """Record what became of a run that was followed, unless somebody else has already."""
    known = site.runs.get(run.id)
    if known is not None and (known.state.ended or known.attempt > run.attempt):
        return known
    site.runs.save(run)
    return run


def stop(tools: Tools, site: Site, run: Run, reason: str) -> Run:
    """End a run and wait until it has ended.

    Raises:
        HostError: the agent could not stop it.
    """
    if not run.state.begun:
        return withdraw(tools, site, run, reason)
    there = agents(tools, site)
    with tools.progress.step("Stop the run"):
        for agent in there:
            if not agent.present and agent.status(run.id, run.attempt) is not None:
                raise HostError(
                    f"run {run.id} cannot be stopped: the agent is gone from {agent.home}",
                    hint="`cynthus render`, then copy ansible/roles/agent/files/cynthus-agent.pyz there as agent.pyz",
                )
            if agent.present:
                agent.stop(run.id, reason, run.attempt)
        while not run.over:
            run = look_again(tools, site, run)
            tools.clock.sleep(0.0 if run.over else 0.1)
    if run.state is RunState.PREEMPTED:
        # It was about to end anyway; that nobody goes on with it is what was asked for.
        return move(tools, site, run, RunState.CANCELLED, why_cancelled(reason))
    return settle(site, run)
