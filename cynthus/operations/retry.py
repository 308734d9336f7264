"""Going on with a run whose machine the cloud has taken back: whether, with how much time, once the machine is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.allowance import LEAST
from cynthus.core.clock import parse_stamp, stamp
from cynthus.core.run import RunState
from cynthus.errors import RunPreempted
from cynthus.operations.bill import Asked
from cynthus.operations.request import Request

if TYPE_CHECKING:
    from cynthus.core.placement import Placement
    from cynthus.core.retry import Retry
    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

PATIENCE = 180.0
"""Seconds for a machine to go that is taken back: Google gives it half a minute, and takes a while to delete it."""
PAUSE = 1.0


def taken_back(tools: Tools, site: Site, run: Run) -> Run:
    """The run, as one that rests where it went on and the cloud says that it has taken its machine back."""
    if run.state not in (RunState.PROVISIONING, RunState.CONFIGURING, RunState.RUNNING, RunState.LOST):
        return run
    names = taken(tools, site)
    if not names:
        return run
    reason = f"the cloud has taken {' and '.join(names)} back"
    return run.moved(RunState.PREEMPTED, at=stamp(tools.clock.now()), reason=reason)


def explained_loss(tools: Tools, site: Site, run: Run) -> Run:
    """A run that seems to be lost, as one that rests where that is why. Only then is the cloud asked."""
    return taken_back(tools, site, run) if run.state is RunState.LOST else run


def taken(tools: Tools, site: Site) -> list[str]:
    """The names of its hosts, those of now and those that went last, that the cloud says it has taken back."""
    target, went = tools.targets.find(site.target), site.entry.went if site.entry else ()
    return sorted({host.name for host in (*site.hosts, *went) if target.why_gone(host) == "preempted"})


def following(tools: Tools, site: Site, run: Run) -> Run:
    """The next attempt of a run that rests."""
    made_at = site.entry.made_at if site.entry else None
    return run.again(at=stamp(tools.clock.now()), made_at=made_at)


def with_what_is_left(tools: Tools, site: Site, run: Run, placement: Placement) -> Placement:
    """The placement for a later attempt: all its machines together stand no longer than the one that was offered.

    Raises:
        RunPreempted: too little of that is left; the run has failed.
    """
    if placement.lifetime is None or run.attempt == 1:
        return placement
    remaining = int(placement.lifetime - _stood(tools, site, run))
    if remaining >= LEAST:
        return replace(placement, remaining=remaining)
    said = "its machines have stood for all the time that it may take"
    now = stamp(tools.clock.now())
    site.runs.save(replace(run, ended_at=now).moved(RunState.FAILED, at=now, reason=f"deadline: {said}"))
    raise RunPreempted(
        f"run {run.id} does not go on: {said}",
        hint="`limits: {max_duration: ...}` gives it more, and `cynthus up` begins another run with its checkpoints",
    )


def _stood(tools: Tools, site: Site, run: Run) -> float:
    """For how many seconds there were machines for the attempts before this one: by what the cloud says of them, and at
    least by what is known here."""
    bill, since = Asked(tools, site).bill(gone=True), run.earlier[0].made_at if run.earlier else None
    if bill is None or since is None:
        return run.stood
    begin = parse_stamp(since)
    told = [each for each in bill.machines if each.ended and parse_stamp(each.ended) > begin]
    seconds = sum((parse_stamp(each.ended or bill.now) - parse_stamp(each.began)).total_seconds() for each in told)
    return max(run.stood, seconds / run.nodes)


def may_go_on(run: Run, retry: Retry) -> str:
    """Why a run that rests is not gone on with by itself; '' where it is."""
    if "preempted" not in retry.on:
        return "`retry:` in cynthus.yaml does not ask for that"
    if run.attempt >= retry.attempts:
        return f"this was attempt {run.attempt} of {retry.attempts}"
    return ""


def await_end(tools: Tools, site: Site) -> None:
    """Wait until the machine that is taken back is gone: until then it saves, and has the name of the next one."""
    target = tools.targets.find(site.target)
    if not target.makes or not site.hosts:
        return
    deadline = tools.clock.monotonic() + PATIENCE
    with tools.progress.step("Wait until the cloud has taken the machine back") as step:
        step.activity("it saves what is not saved yet")
        while not target.gone(site.hosts, entirely=True) and tools.clock.monotonic() < deadline:
            tools.clock.sleep(PAUSE)


def request_for(run: Run, site: Site) -> Request:
    """What goes on with a run that rests: nobody is asked again for what was confirmed when it began."""
    no_deadline = site.entry is not None and site.entry.no_deadline
    return Request(str(site.folder), site.target, run.arguments, yes=True, no_deadline=no_deadline, resumes=run.id)


def changed(run: Run | None) -> RunPreempted:
    """The error for a run that is to go on by itself and cannot: the folder is not what it was begun with."""
    which = f"run {run.id}" if run else "the run"
    return RunPreempted(
        f"{which} rests: its machine was taken back, and the folder has changed since it began",
        hint="`cynthus up` begins another run with what changed, and with the checkpoints of this one",
    )
