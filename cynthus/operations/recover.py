"""Picking up what a killed process left: its run is looked at, what it saved comes home, what it began is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.run import Run, RunState
from cynthus.errors import CynthusError
from cynthus.operations.launch import NOT_STARTED, move
from cynthus.operations.observe import observe
from cynthus.operations.pull import collect
from cynthus.operations.site import agents, newest_run

if TYPE_CHECKING:
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal


def recover(tools: Tools, site: Site, journal: Journal) -> Run | None:
    """The newest run as it is now, after bringing home what an ended one left on its host.

    Terraform that still works for a killed process holds its own lock, and the next plan waits for that. A play that
    still goes on has no such lock, and is ended.
    """
    tools.ansible.end_leftovers()
    for intent in journal.open_intents():
        tools.progress.note(f"going on where `cynthus {intent.operation}` was cut off ({intent.step})")
        journal.record(intent.step, "failed", reason="cut off")
    run = newest_run(site)
    there = agents(tools, site)
    if run is None or not there or not there[0].present:
        return run
    seen = observe(run, there[0], tools.clock)
    if seen != run:
        site.runs.save(seen)
    if seen.state.ended and not seen.pulled and seen.started_at:
        seen = collect(site, seen, there[0], tools.progress).run
    return seen


def withdraw(tools: Tools, site: Site, run: Run, reason: str) -> Run:
    """Give up a run that has not started, on its hosts first: a play that still goes on must not start it later."""
    for agent in agents(tools, site):
        if agent.present:
            agent.call("stop", "--run", run.id, "--reason", reason)
    return move(tools, site, run, RunState.CANCELLED, reason)


def settle(site: Site, run: Run) -> Run:
    """Record what became of a run that was followed, unless somebody else has already."""
    known = site.runs.load(run.id)
    if known.state.ended:
        return known
    site.runs.save(run)
    return run


def stop(tools: Tools, site: Site, run: Run, reason: str) -> Run:
    """End a run and wait until it has ended.

    Raises:
        HostError: the agent could not stop it.
    """
    if run.state in NOT_STARTED:
        return withdraw(tools, site, run, reason)
    there = agents(tools, site)
    with tools.progress.step("Stop the run"):
        for agent in there:
            agent.call("stop", "--run", run.id, "--attempt", str(run.attempt), "--reason", reason)
        while not run.state.ended:
            run = observe(run, there[0], tools.clock)
            if run.state is RunState.LOST:
                break
            tools.clock.sleep(0.1)
    return settle(site, run)


def pull_quietly(tools: Tools, site: Site, run: Run) -> str:
    """Bring home what is there; gives the reason where that did not work."""
    there = agents(tools, site)
    if not there or not there[0].present or run.pulled:
        return ""
    try:
        collect(site, run, there[0], tools.progress)
    except CynthusError as error:
        return error.message
    return ""
