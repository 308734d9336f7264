"""The end of a rehearsal: its log, what came home, what would stand, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.cli.ending import hear_warnings, while_read
from cynthus.cli.verdict import after, judge
from cynthus.cli.wording import span, typed
from cynthus.core.amounts import files, size
from cynthus.core.run import RunState
from cynthus.errors import CynthusError

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.cli.app import App
    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.ports import ServedPort
    from cynthus.operations.pull import Pulled
    from cynthus.operations.rehearse import Rehearsed
    from cynthus.operations.stage import Stage
    from cynthus.operations.tools import Tools

MOST_NAMES = 10
"""Of outputs, which are gone when they are read of."""


class Ended(Struct, frozen=True):
    """What a rehearsal came to; nothing where no host was booted."""

    run: Run | None = None
    pulled: Pulled | None = None
    serves: tuple[int, ...] = ()
    """The ports of a service that answers, which has no end of its own."""


class _Serves(Exception):
    """A service answers at this port."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port


def followed(app: App, tools: Tools, rehearsed: Rehearsed, *, as_json: bool) -> Ended:
    """Show the log to its end, and bring what main.py has written to the rehearsal's folder."""
    if rehearsed.run is None:
        return Ended()
    from cynthus.operations.attend import Attendance
    from cynthus.operations.ports import PortNews, expects_ports

    attendance = Attendance(tools, rehearsed.site, rehearsed.run)
    if expects_ports(rehearsed.site.document()):
        attendance.news = PortNews(_end_with)
    hear_warnings(app, attendance)
    try:
        attendance.watch(app.console.log_aside if as_json else while_read(app.console.log))
    except _Serves as serves:
        return Ended(attendance.run, serves=(serves.port,))
    pulled = attendance.finish()
    return Ended(attendance.run, pulled)


def _end_with(agent: HostAgent, port: ServedPort) -> None:  # noqa: ARG001 - on the first host that has one
    raise _Serves(port.port)


def tell(app: App, stage: Stage, rehearsed: Rehearsed, ended: Ended, where: str | None) -> None:
    """Say what came of it, and what would stand."""
    if ended.run is not None:
        _tell_run(app, rehearsed, ended, ended.run)
    offer = rehearsed.offer
    app.console.say("the rehearsal is over, and nothing was made. This would stand now:")
    for line in stage.standing():
        app.console.say(f"  {line}")
    if offer.per_hour is None:
        app.console.say("  the price is not known")
    else:
        app.console.say(f"  ${offer.per_hour:.2f} an hour; by now it would have cost ${stage.cost():.2f}")
    if not stage.boots:
        app.console.say("no host was booted, so main.py did not run; --hosts names what boots some")
    app.console.say(f"next:\n  {typed('up', where)}  does it for real")


def _tell_run(app: App, rehearsed: Rehearsed, ended: Ended, run: Run) -> None:
    if run.state is RunState.SUCCEEDED:
        app.console.say(f"run {run.id} succeeded{after(run)}")
    for port in ended.serves:
        app.console.say(f"port {port} is healthy; a service has no end, so the rehearsal ends here")
    if ended.pulled is not None and ended.pulled.total:
        names, told = _names(ended.pulled.folder), f"{files(ended.pulled.total)}, {size(ended.pulled.bytes)}"
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        app.console.say(f"outputs, which go with the rehearsal: {', '.join(names[:MOST_NAMES])}{more} ({told})")
    from cynthus.operations.departure import linger_of

    linger = linger_of(rehearsed.site.document())
    if linger is not None and not ended.serves:
        idle = span(linger).removesuffix(" 0 s")
        app.console.say(f"the machine would delete itself in {idle} unless it is used, once all is saved")


def _names(folder: Path) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if not each.is_dir())


def judged(ended: Ended, where: str | None) -> None:
    """Turn the end of the run into an exit code.

    Raises:
        RunFailed, RunCancelled, RunLost: it did not succeed.
    """
    if ended.run is None:
        return
    try:
        judge(ended.run, where)
    except CynthusError as error:
        error.hint = f"mend it and `{typed('up --simulate', where)}` again; nothing was made in the real cloud"
        raise
