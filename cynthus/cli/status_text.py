"""A deployment's status for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.cli.bill_text import in_all, so_far
from cynthus.cli.wording import between, moment, price
from cynthus.core.amounts import files, size
from cynthus.core.deployment import way_of
from cynthus.core.run import RunState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cynthus.operations.ports import ServedPort
    from cynthus.operations.saving import Saving
    from cynthus.operations.status import HostStatus, Silence, Status
    from cynthus.state.index import Entry

_EXPLAINED = (RunState.FAILED, RunState.CANCELLED, RunState.LOST, RunState.PREEMPTED)
"""States of a run whose reason is shown."""


def row(found: Status, now: datetime) -> tuple[str, ...]:
    """One line of the table of all deployments."""
    run = found.run
    return (
        found.site.id,
        found.site.target,
        _stands(found),
        run.id if run else "-",
        str(run.state) if run else "-",
        _costs(found),
        _silent(found, now) or found.problem or _unsaved(found),
    )


def lines(found: Status, now: datetime) -> Iterator[str]:
    """One deployment in full."""
    site = found.site
    yield f"{site.id} on {site.target}: {_stands(found)}"
    yield f"  folder     {site.folder}"
    if site.entry:
        yield f"  runtime    {site.entry.runtime}"
    yield f"  costs      {_costs(found)}{_so_far(found)}"
    if site.entry is not None and site.entry.hosts and (site.entry.expires_at or site.entry.no_deadline):
        yield f"  deadline   {_deadline(site.entry)}"
    if found.run is not None:
        yield f"  run        {found.run.id} {found.run.state}{_time(found, now)}{_why(found)}"
    for host in found.hosts:
        yield from _host(host, now)
    for machine in site.entry.left if site.entry else ():
        yield f"  left       on {way_of(machine)}, no machine of it any more: `cynthus plan` says how to empty that"
    yield from (f"  stays      {line}" for line in found.stays)
    yield f"  not saved  {_unsaved(found)}"
    for each in found.at_work:
        yield f"  at work    {each}"
    if found.problem:
        yield f"  problem    {found.problem}{_ways_out(found)}"
    for run in reversed(found.runs[:-1][-5:]):
        yield f"  before     {run.id} {run.state}"


def _host(host: HostStatus, now: datetime) -> Iterator[str]:
    yield f"  host       {host.name}{_report(host, now)}"
    if host.idle_since:
        yield f"  idle       for {between(host.idle_since, now)}: computes and writes nothing on {host.name}"
    if host.warned.text:
        yield f"  warning    {host.warned.text}{_free(host)}"
    if host.departure is not None and host.departure.at and not host.gone:
        yield f"  deletes    {host.name} deletes itself at {moment(host.departure.at)} unless it is used"
    if host.departure is not None and host.departure.problem and not host.gone:
        yield f"  warning    {host.name} does not delete itself: {host.departure.problem}"
    if host.saving is not None:
        # How it stood is saved twice a minute, and perhaps before the rest was.
        then = " then" if host.gone else ""
        yield f"  bucket     {host.saving.bucket}, {_behind(host.saving)}{then}"
    for port in host.ports:
        yield f"  port       {port.port} on {host.name}, {_health(port, now)}"


def _stands(found: Status) -> str:
    entry = found.site.entry
    if entry is None:
        return "up" if found.site.hosts else "files only"
    if entry.phase == "prepared":
        return "made, not ready" if found.site.hosts else "not made yet"
    return found.site.phase


def _costs(found: Status) -> str:
    entry = found.site.entry
    return price(entry.per_hour) if entry and (entry.hosts or found.site.hosts) else "nothing"


def _so_far(found: Status) -> str:
    """What the machines have cost since the deployment was last brought up from nothing."""
    stands = bool(found.site.entry and found.site.entry.hosts)
    said = so_far(found.bill) if stands else in_all(found.bill)
    return f", {said}" if said else ""


def _deadline(entry: Entry) -> str:
    if entry.expires_at is None:
        return "none: the machines cost until `cynthus down`"
    return f"the cloud removes the machines at {moment(entry.expires_at)}"


def _unsaved(found: Status) -> str:
    count, bytes_ = found.unsaved
    if found.uncounted:
        return f"unknown ({found.uncounted})"
    return f"{files(count)}, {size(bytes_)}" if count else "nothing"


def _time(found: Status, now: datetime) -> str:
    run = found.run
    if run is None or run.started_at is None:
        return ""
    if run.state is RunState.RUNNING:
        return f" for {between(run.started_at, now)}"
    return f" after {between(run.started_at, run.ended_at)}, at {moment(run.ended_at)}" if run.ended_at else ""


def _why(found: Status) -> str:
    run = found.run
    if run and run.state in (RunState.RUNNING, RunState.CONFIGURING) and run.earlier:
        return f" (attempt {run.attempt}: {run.earlier[-1].reason})"
    on = "; `cynthus up` goes on with it" if run and run.state is RunState.PREEMPTED else ""
    return f" ({run.reason}{on})" if run and run.state in _EXPLAINED else ""


def _silent(found: Status, now: datetime) -> str:
    """The first host that does not answer, in a few words."""
    return next((f"{each.name}{_silence(each.silence, now)}" for each in found.hosts if each.silence), "")


def _silence(silence: Silence, now: datetime) -> str:
    heard = silence.heard
    if heard is None:
        return " does not answer; when it did last is not known"
    beat = f" (heartbeat of {moment(heard.beat_at)})" if heard.beat_at else ""
    return f" does not answer; last heard of {between(heard.at, now)} ago, at {moment(heard.at)}{beat}"


def _ways_out(found: Status) -> str:
    silent = next((each.silence for each in found.hosts if each.silence), None)
    return f"; {silent.error.hint}" if silent else ""


def _report(host: HostStatus, now: datetime) -> str:
    if host.silence is not None:
        return _silence(host.silence, now)
    report = host.report
    if host.gone:
        beat = (report or {}).get("beat_at")
        return f" is gone; it was saved until {moment(beat)}" if isinstance(beat, str) else " is gone"
    if report is None:
        return ""
    logged = report.get("bytes_logged")
    pid = report.get("pid")
    doing = f", {report['phase']}" if report.get("phase") else ""
    alive = f", pid {pid}{doing}" if report.get("state") == "RUNNING" and pid else ""
    return f"{alive}, log {size(logged)}" if isinstance(logged, int) else alive


def _behind(saving: Saving) -> str:
    what = files(saving.files) if saving.files else "the log"
    behind = f"{what}, {size(saving.bytes)} behind" if saving.files or saving.bytes else "all is there"
    tries = "; it is not tried again before the next run" if saving.given_up else ""
    return behind + tries + (f" ({saving.problem})" if saving.problem else "")


def _free(host: HostStatus) -> str:
    return f", {size(host.warned.free)} are free" if host.warned.free is not None else ""


def _health(port: ServedPort, now: datetime) -> str:
    since = f" for {between(port.since, now)}" if port.since else ""
    return f"healthy{since}" if port.healthy else f"not healthy{since}: {port.reason}"
