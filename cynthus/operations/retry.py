"""Going on with a run whose machine the cloud has taken back: whether, with how much time, once the machine is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.allowance import LEAST
from cynthus.core.clock import parse_stamp, stamp
from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable, RunPreempted
from cynthus.operations.bill import Asked
from cynthus.operations.request import Request
from cynthus.operations.site import agents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.deployment import Host
    from cynthus.core.placement import Placement
    from cynthus.core.retry import Retry
    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Ready
    from cynthus.targets.base import Target

PATIENCE = 180.0
"""Seconds for a machine to go that is taken back: Google gives it half a minute, and takes a while to delete it."""
PAUSE = 1.0


def taken_back(tools: Tools, site: Site, run: Run) -> Run:
    """The run, as one that rests where it went on and the cloud says that it has taken its machine back. Of a run that
    is not the newest nobody knows which machines it had."""
    if run.state not in (RunState.PROVISIONING, RunState.CONFIGURING, RunState.RUNNING, RunState.LOST):
        return run
    newest = site.runs.newest()
    if newest is not None and newest.id != run.id:
        return run
    names = taken(tools, site)
    if not names:
        return run
    now, reason = stamp(tools.clock.now()), f"the cloud has taken {' and '.join(names)} back"
    # Not the moment in which somebody looks: what comes between was no time of the run.
    ended = run.ended_at or _machines_end(tools, site) or now
    return replace(run.moved(RunState.PREEMPTED, at=now, reason=reason), ended_at=ended)


def _machines_end(tools: Tools, site: Site) -> str | None:
    bill = Asked(tools, site).bill()
    ends = [each.ended for each in bill.machines if each.ended] if bill else []
    return max(ends, key=parse_stamp, default=None)


def explained_loss(tools: Tools, site: Site, run: Run) -> Run:
    """A run that seems to be lost, as one that rests where that is why. Only then is the cloud asked."""
    return taken_back(tools, site, run) if run.state is RunState.LOST else run


def taken(tools: Tools, site: Site) -> list[str]:
    """The names of its hosts, those of now and those that went last, that the cloud says it has taken back."""
    target, went = tools.targets.find(site.target), site.entry.went if site.entry else ()
    return sorted({host.name for host in (*site.hosts, *went) if target.why_gone(host) == "preempted"})


def with_what_is_left(tools: Tools, site: Site, run: Run, placement: Placement, price: float | None) -> Placement:
    """The placement for a later attempt: all its machines together stand no longer than the one that was offered, nor
    cost more. `price` is what the next ones cost by the hour.

    Raises:
        RunPreempted: too little of that is left; the run has failed.
    """
    if placement.lifetime is None or run.attempt == 1:
        return placement
    remaining = int(placement.lifetime - _stood(tools, site, run, price))
    if remaining >= LEAST:
        return replace(placement, remaining=remaining)
    said = "its machines have stood for all the time that it may take"
    now = stamp(tools.clock.now())
    site.runs.save(replace(run, ended_at=now).moved(RunState.FAILED, at=now, reason=f"deadline: {said}"))
    raise RunPreempted(
        f"run {run.id} does not go on: {said}",
        hint="`limits: {max_duration: ...}` gives it more, and `cynthus up` begins another run with its checkpoints",
    )


def _stood(tools: Tools, site: Site, run: Run, price: float | None) -> float:
    """For how many seconds there were machines for the attempts before this one: by what the cloud says of them, and at
    least by what is known here. Those of a dearer machine count for more, as they have cost more."""
    bill = Asked(tools, site).bill(gone=True)
    if bill is None:
        return run.stood
    begin, seconds = parse_stamp(run.created_at), 0.0
    last = max(parse_stamp(each.ended_at) for each in run.earlier)
    for each in bill.machines:
        if each.ended and parse_stamp(each.ended) > begin:
            # Where the cloud has told nothing, the end of main.py is nearer to it than the moment of a look.
            ended = min(parse_stamp(each.ended), last) if each.ended_guessed else parse_stamp(each.ended)
            dearer = each.per_hour * run.nodes / price if each.per_hour is not None and price else 1.0
            seconds += max((ended - parse_stamp(each.began)).total_seconds(), 0.0) * max(dearer, 1.0)
    return max(run.stood, seconds / run.nodes)


def waits(run: Run | None) -> bool:
    """Whether a run waits to be gone on with as a later attempt: it rests, or that attempt has not begun yet."""
    return run is not None and (run.state is RunState.PREEMPTED or (bool(run.earlier) and not run.state.begun))


def continued(tools: Tools, request: Request, run: Run, ready: Ready) -> tuple[Run, Ready]:
    """A run that waits, as its next attempt, on machines that get what is left of its time. Where the folder asks for
    something else by now it is given as it is.

    Raises:
        RunPreempted: it is to go on by itself, and the folder asks for something else, or no time is left.
    """
    site, spec = ready.site, ready.app.spec
    if run.fingerprint != ready.fingerprint:
        if request.resumes:
            raise changed(run.id)
        return run, ready
    following = run.again(at=stamp(tools.clock.now()), made_at=_made_at(site)) if _rests(run) else run
    price = ready.target.offer(spec, ready.placement).per_hour if spec.limits.max_cost is not None else None
    try:
        placement = with_what_is_left(tools, site, following, ready.placement, price)
    except RunPreempted as error:
        if request.resumes:
            raise
        # Somebody asks for it, so another one begins, with a time of its own.
        tools.progress.note(error.message)
        return site.runs.load(run.id), ready
    return following, replace(ready, placement=placement)


def _rests(run: Run) -> bool:
    return run.state is RunState.PREEMPTED


def _made_at(site: Site) -> str | None:
    return site.entry.made_at if site.entry else None


def may_go_on(run: Run, retry: Retry) -> str:
    """Why a run that rests is not gone on with by itself; '' where it is."""
    if "preempted" not in retry.on:
        return "`retry:` in cynthus.yaml does not ask for that"
    if run.attempt >= retry.attempts:
        return f"this was attempt {run.attempt} of {retry.attempts}"
    return ""


def await_end(tools: Tools, site: Site, run: Run) -> None:
    """Wait until the machine that is taken back is gone: until then it saves, and has the name of the next one. Not for
    one that stands in its place already."""
    target, hosts = tools.targets.find(site.target), site.entry.went if site.entry and not site.hosts else ()
    if len(site.hosts) == 1:
        hosts = site.hosts if _ran_there(tools, site, run) else ()
    elif site.hosts:
        # The others stand, and are used again.
        hosts = tuple(host for host in site.hosts if target.why_gone(host) == "preempted")
    if not target.makes or not hosts or _all_gone(target, hosts):
        return
    deadline = tools.clock.monotonic() + PATIENCE
    with tools.progress.step("Wait until the cloud has taken the machine back") as step:
        step.activity("it saves what is not saved yet")
        while not _all_gone(target, hosts) and tools.clock.monotonic() < deadline:
            tools.clock.sleep(PAUSE)


def _ran_there(tools: Tools, site: Site, run: Run) -> bool:
    """Whether it is the host of the attempt that was cut off. Of one that does not answer that is likely."""
    try:
        return agents(tools, site)[0].status(run.id, run.attempt) is not None
    except HostUnreachable:
        return True


def _all_gone(target: Target, hosts: Sequence[Host]) -> bool:
    return len(target.gone(hosts, entirely=True)) == len(hosts)


def request_for(run: Run, site: Site) -> Request:
    """What goes on with a run that rests: nobody is asked again for what was confirmed when it began."""
    return Request(
        str(site.folder), site.target, run.arguments, yes=True, version=run.asked_version or None, resumes=run.id
    )


def insist_on(run_id: str, newest: Run | None) -> None:
    """See that the run that is to go on by itself still may.

    Raises:
        RunPreempted: somebody has ended it meanwhile, or has begun another one.
    """
    if newest is None or newest.id != run_id:
        raise RunPreempted(f"run {run_id} does not go on: another one has begun", hint="`cynthus logs -f` follows that")
    if newest.state in (RunState.CANCELLED, RunState.FAILED, RunState.LOST):
        raise RunPreempted(
            f"run {run_id} does not go on: it is {newest.state} ({newest.reason})", hint="`cynthus up` begins another"
        )


def changed(run_id: str) -> RunPreempted:
    """The error for a run that is to go on by itself and cannot: the folder is not what it was begun with."""
    return RunPreempted(
        f"run {run_id} rests: its machine was taken back, and the folder has changed since it began",
        hint="`cynthus up` begins another run with what changed, and with the checkpoints of this one",
    )
