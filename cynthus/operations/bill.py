"""What a deployment has cost: its machines are noted when they are made, and the cloud is asked for how long each was
there."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.bill import Bill, Machine
from cynthus.core.clock import parse_stamp, stamp
from cynthus.operations.side_by_side import side_by_side
from cynthus.state.machines import MachineBook, Machines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future
    from datetime import datetime

    from cynthus.core.deployment import Host
    from cynthus.core.lifespan import Lifespan
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.index import Entry

_PATIENCE = 5.0
"""Seconds for the cloud to answer, beside all that is asked at the same time."""
_REMEMBERED = timedelta(days=14)
"""For how long a cloud may remember a machine that is gone."""


def begin_anew(site: Site) -> None:
    """Count from nothing: a deployment is brought up that had no machine."""
    if MachineBook(site.paths.machines).read() != Machines():
        MachineBook(site.paths.machines).write(Machines())


def note_machines(site: Site) -> None:
    """Note the machines that stand, which were made, before anything else can happen to them."""
    book = MachineBook(site.paths.machines)
    known = book.read()
    found = _with_hosts(known, site)
    if found != known:
        book.write(found)


def recorded_bill(tools: Tools, site: Site) -> Bill | None:
    """As far as this machine knows, without asking; None where no machine was made."""
    return _bill(_known(tools, site), stamp(tools.clock.now()), site)


class Asked:
    """The cloud is being asked for the machines of a deployment, while others ask other things."""

    def __init__(self, tools: Tools, site: Site) -> None:
        self._tools = tools
        self._site = site
        self._known = _known(tools, site)
        ask, now = tools.targets.find(site.target).lifespan, tools.clock.now()
        due = [each for each in self._known.rows if _may_be_told(each, now)]
        futures = side_by_side([partial(ask, each) for each in due])
        self._asked: list[tuple[Machine, Future[Lifespan]]] = list(zip(due, futures, strict=True))

    def bill(
        self, *, within: float = _PATIENCE, beats: Mapping[str, str] | None = None, gone: bool = False
    ) -> Bill | None:
        """What is known now, which is noted too. Where the cloud remembers nothing of a machine that is gone, it was
        there until the last of its `beats` (by its name). `gone`: all of them are."""
        now, deadline = stamp(self._tools.clock.now()), time.monotonic() + within
        standing = set() if gone else {_key(host) for host in _hosts(self._site) if host.name not in self._site.gone}
        newest = {each.name: each.key for each in self._known.rows}
        rows, cloud_now = [], ""
        for machine, future in self._asked:
            told = _answer(future, deadline)
            if told is None:
                continue
            # A beat is of the machine that had the name last.
            beat = (beats or {}).get(machine.name) if newest[machine.name] == machine.key else None
            last = None if machine.key in standing else _last_sign(machine, beat, now)
            rows.append(_settled(machine, told, last))
            cloud_now = max(cloud_now, told.now or "")
        book = MachineBook(self._site.paths.machines)
        before = book.read()
        # Rows that somebody has written meanwhile stay.
        found = before.with_rows([each for each in self._known.rows if each.key not in before.keys]).with_rows(rows)
        if found != before and self._site.folder.is_dir():
            book.write(found)
        return _bill(found, cloud_now or now, self._site)


def _known(tools: Tools, site: Site) -> Machines:
    if not tools.targets.find(site.target).makes:
        return Machines()
    return _with_hosts(MachineBook(site.paths.machines).read(), site)


def _bill(known: Machines, now: str, site: Site) -> Bill | None:
    if not known.rows:
        return None
    found, entry = Bill(known.rows, now, known.earlier, known.earlier_cost), site.entry
    if entry is None or entry.at_most is None or not entry.hosts or found.unpriced:
        return found
    # Those that stand were offered for so much, and those before them have cost what they have cost.
    standing = {_key(host) for host in entry.hosts}
    before = known.earlier_cost + sum(each.cost(now) or 0.0 for each in known.rows if each.key not in standing)
    return replace(found, most=before + entry.at_most)


def _answer(future: Future[Lifespan], deadline: float) -> Lifespan | None:
    try:
        return future.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return None


def _settled(machine: Machine, told: Lifespan, last: str | None) -> Machine:
    """The row by what the cloud has told. `last` is when a machine that is gone was there last, where that is all."""
    if told.began and machine.began_guessed:
        machine = replace(machine, began=told.began, began_guessed=False)
    machine = replace(machine, machine_type=told.machine_type or machine.machine_type, why=told.why or machine.why)
    if told.ended:
        return replace(machine, ended=told.ended, ended_guessed=False)
    if told.now:
        return replace(machine, ended=None, ended_guessed=False, why="")
    if last is not None and machine.ended is None:
        return replace(machine, ended=max(last, machine.began, key=parse_stamp), ended_guessed=True)
    return machine


def _last_sign(machine: Machine, beat: str | None, now: str) -> str:
    """When a machine that is gone was there at the latest, as far as anybody knows: its last beat, or the time at which
    the cloud removes it, if that is over."""
    latest = min(now, machine.expires_at or now, key=parse_stamp)
    with suppress(ValueError):
        if beat and parse_stamp(machine.began) < parse_stamp(beat) < parse_stamp(latest):
            return beat
    return latest


def _may_be_told(machine: Machine, now: datetime) -> bool:
    """Whether the cloud may know more of a machine than the row does."""
    return machine.ended is None or (machine.guessed and now - parse_stamp(machine.ended) < _REMEMBERED)


def _with_hosts(known: Machines, site: Site) -> Machines:
    """With a row for each host that was made: it is there already, unless the file was lost or is of an older time, or
    a kill came between making the host and noting it."""
    entry, hosts = site.entry, _hosts(site)
    if entry is None or not hosts:
        return known
    rows = [_row(host, entry, len(hosts)) for host in hosts]
    return known.with_rows([row for row in rows if row.key not in known.keys])


def _row(host: Host, entry: Entry, count: int) -> Machine:
    per_hour = None if entry.per_hour is None else entry.per_hour / count
    there = host.connection
    return Machine(
        host.name, there.instance_id, there.project, there.zone, per_hour, entry.made_at or entry.updated_at,
        expires_at=entry.expires_at,
    )


def _hosts(site: Site) -> tuple[Host, ...]:
    """Those that were made and stand, or may; of a deployment that the index lists."""
    return (site.entry.hosts or site.hosts) if site.entry else ()


def _key(host: Host) -> str:
    return host.connection.instance_id or host.name
