"""From a started run to the last line on the screen: following, Ctrl-C, the outcome and what to type next."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from cynthus.cli import documents
from cynthus.cli.console import Unread
from cynthus.cli.verdict import after, judge
from cynthus.cli.wording import moment, span, typed
from cynthus.core.amounts import files, size
from cynthus.core.run import Run, RunState
from cynthus.errors import DiskFull, Interrupted, NothingRunning, RunLost

if TYPE_CHECKING:
    from cynthus.cli.app import App
    from cynthus.operations.attend import Attendance
    from cynthus.operations.follow import Sink
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.ports import ServedPort
    from cynthus.operations.pull import Pulled
    from cynthus.operations.up import Outcome
    from cynthus.operations.warnings import Warned

ATTACHED_LINES = 100
"""How much of the log of a run that goes on already is shown again."""

SAYS = {
    "status": "what stands, what runs, what it costs",
    "logs": "what main.py printed",
    "logs -f": "follow what main.py prints",
    "run": "run it again",
    "up": "go on once that is mended",
    "pull": "bring the outputs home",
    "forward": "bring its port to this machine",
    "cancel": "end the run",
    "down": "bring everything home and remove it",
}


def follow_through(app: App, outcome: Outcome, where: str | None, *, detach: bool, as_json: bool) -> None:
    """Follow what was started to its end, unless it was asked not to.

    Raises:
        RunFailed, RunCancelled, RunPreempted, RunLost: the run did not succeed.
        Interrupted: somebody stopped following; the run goes on.
    """
    if outcome.ending in ("unchanged", "prepared") or (detach and not outcome.run.over):
        report_outcome(app, outcome, where, as_json=as_json)
        return
    attendance = _attendance(app, outcome)
    sink = app.console.log_aside if as_json else while_read(app.console.log)
    attendance, pulled = stay_on(app, attendance, where, sink, quiet=as_json)
    if as_json and attendance.run.over:
        outputs = documents.outputs(pulled) if pulled else None
        app.console.document(documents.outcome("ended", attendance.site, attendance.run, outputs))
    judge(attendance.run, where)


def stay_on(
    app: App, attendance: Attendance, where: str | None, sink: Sink, *, quiet: bool = False
) -> tuple[Attendance, Pulled | None]:
    """Follow a run to its end over all its attempts, on one machine after the other; gives the last one.

    Raises:
        CynthusError: as `stay`, and what keeps it from going on.
    """
    while True:
        pulled = _stay_or_rest(app, attendance, where, sink, quiet=quiet)
        if attendance.run.state is not RunState.PREEMPTED:
            return attendance, pulled
        from cynthus.operations.resume import resume

        attendance = resume(app.tools, attendance)
        if attendance.run.state.ended and not attendance.site.hosts:
            return attendance, _finished(app, attendance, where, quiet=quiet)


def _stay_or_rest(
    app: App, attendance: Attendance, where: str | None, sink: Sink, *, quiet: bool
) -> Pulled | None:
    if attendance.run.state is RunState.PREEMPTED:
        return None
    try:
        return stay(app, attendance, where, sink, quiet=quiet)
    except RunLost:
        from cynthus.operations.resume import look_why

        # Of a machine that was taken back from one moment to the next its agent has said nothing.
        run = look_why(app.tools, attendance)
        if run.state.ended:
            return _finished(app, attendance, where, quiet=quiet)
        if run.state is not RunState.PREEMPTED:
            raise
        return None


def while_read(sink: Sink) -> Sink:
    """The sink for as long as somebody reads. `cynthus up | head` wants to see less, not to have less done."""
    read = True

    def show(data: bytes) -> None:
        nonlocal read
        if read:
            try:
                sink(data)
            except Unread:
                read = False

    return show


def report_outcome(app: App, outcome: Outcome, where: str | None, *, as_json: bool) -> None:
    """Say what was done where there is nothing to follow."""
    run = outcome.run
    if as_json:
        app.console.document(documents.outcome(outcome.ending, outcome.site, run))
        return
    if outcome.ending == "unchanged":
        when = f" at {moment(run.ended_at)}" if run.ended_at else ""
        standing = outcome.site.hosts and not outcome.site.hosts_gone
        also = "" if standing else f", and no host stands any more; `{typed('run', where)}` makes it again"
        app.console.say(f"nothing has changed since run {run.id} succeeded{when}{also}")
        next_steps(app, where, "run", "logs", "down" if outcome.site.hosts else "status")
    elif outcome.ending == "prepared":
        app.console.say(f"ready: `{typed('run', where)}` starts main.py")
    else:
        app.console.say(f"run {run.id} is {run.state}; it goes on by itself")
        if outcome.spot:
            app.console.say(
                "should the cloud take its machine back, it rests until the next `cynthus up`, `run` or `logs -f`"
            )
        from cynthus.operations.ports import expects_ports

        second = "forward" if expects_ports(outcome.site.document()) else "status"
        next_steps(app, where, "logs -f", second, "cancel")


def stay(
    app: App, attendance: Attendance, where: str | None, sink: Sink, *, quiet: bool = False
) -> Pulled | None:
    """Follow to the end and bring the outputs home. Ctrl-C on a terminal asks what is meant by it.

    Raises:
        Interrupted: there is no terminal to ask on, or the answer was to leave.
        Unread: nobody reads what `sink` shows.
        DiskFull: it cannot be shown; the run goes on.
    """
    _hear_of_ports(app, attendance, where)
    hear_warnings(app, attendance)
    while True:
        try:
            attendance.watch(sink)
            break
        except DiskFull as error:
            leave = _leaving(attendance, where)
            raise DiskFull(f"{error.message}; {leave.message}", hint=leave.hint) from error
        except KeyboardInterrupt as signal:
            if _wants_to_stop(app, attendance, where, asked=not signal.args):
                _cancel(app, attendance)
    if attendance.run.state is RunState.PREEMPTED:
        attendance.rest()
        return None
    return _finished(app, attendance, where, quiet=quiet)


def _finished(app: App, attendance: Attendance, where: str | None, *, quiet: bool) -> Pulled | None:
    try:
        pulled = attendance.finish()
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted while the outputs of run {attendance.run.id} came home; what has not yet is on its host",
            hint=f"`{typed('pull', where)}` goes on",
        ) from None
    if not quiet:
        _say_end(app, attendance.run, pulled, where)
        _say_departure(app, attendance, where)
    return pulled


def _hear_of_ports(app: App, attendance: Attendance, where: str | None) -> None:
    from cynthus.operations.ports import PortNews, expects_ports

    def tell(agent: HostAgent, port: ServedPort) -> None:
        line = f"{typed('forward', where)} {port.port}" + (f" --host {agent.name}" if agent.rank else "")
        here = f"`{line}` in another terminal brings it to this machine"
        app.console.say(f"port {port.port} is healthy{f' on {agent.name}' if agent.rank else ''}; {here}")

    if attendance.news is None and expects_ports(attendance.site.document()):
        attendance.news = PortNews(tell)


def hear_warnings(app: App, attendance: Attendance) -> None:
    """Say what the hosts warn of."""
    from cynthus.operations.warnings import Warnings

    def tell(agent: HostAgent, warned: Warned) -> None:
        who = f"{agent.name}: " if attendance.run.nodes > 1 else ""
        free = f", {size(warned.free)} are free" if warned.free is not None else ""
        said = f"warning: {warned.text}" if warned.text else "there is room on the disk of the host again"
        app.console.say(f"{who}{said}{free}")

    if attendance.warnings is None:
        attendance.warnings = Warnings(tell)


def _cancel(app: App, attendance: Attendance) -> None:
    from cynthus.operations.cancel import cancel

    # It may have ended by itself while the question stood there; following it on shows how.
    with suppress(NothingRunning):
        cancel(app.tools, attendance.site.id)


def next_steps(app: App, where: str | None, *verbs: str) -> None:
    """Up to three commands that are useful now."""
    lines = [(typed(verb, where), SAYS[verb]) for verb in verbs]
    width = max(len(line) for line, _ in lines)
    app.console.say("next:")
    for line, says in lines:
        app.console.say(f"  {line:<{width}}  {says}")


def _attendance(app: App, outcome: Outcome) -> Attendance:
    from cynthus.operations.attend import Attendance

    attendance = Attendance(app.tools, outcome.site, outcome.run)
    if outcome.ending == "attached":
        left_out = attendance.begin_at_tail(ATTACHED_LINES)
        app.console.say(f"run {outcome.run.id} goes on" + ("; its last lines:" if left_out else ""))
    return attendance


def _wants_to_stop(app: App, attendance: Attendance, where: str | None, *, asked: bool) -> bool:
    """What Ctrl-C means: true to stop the run, false to go on following.

    Raises:
        Interrupted: to leave it running.
    """
    leave = _leaving(attendance, where)
    if not (asked and app.console.interactive):
        raise leave
    app.console.say(f"\nrun {attendance.run.id} goes on.")
    try:
        answer = app.console.choose("stop it, detach, or continue? [s/D/c]", ("stop", "detach", "continue"), "detach")
    except KeyboardInterrupt:
        raise leave from None
    if answer == "detach":
        app.console.say(f"{leave.message}; {leave.hint}")
        raise click.exceptions.Exit(0)
    return answer == "stop"


def _leaving(attendance: Attendance, where: str | None) -> Interrupted:
    return Interrupted(
        f"stopped following; run {attendance.run.id} goes on",
        hint=f"`{typed('logs -f', where)}` follows it again, `{typed('cancel', where)}` ends it",
    )


def _say_end(app: App, run: Run, pulled: Pulled | None, where: str | None) -> None:
    if run.state is RunState.SUCCEEDED:
        app.console.say(f"run {run.id} succeeded{after(run)}")
    if pulled is not None and pulled.total:
        app.console.say(f"outputs: {pulled.folder}/ ({files(pulled.total)})")
    if pulled is not None and pulled.hint:
        app.console.say(pulled.hint)
    if run.state is RunState.SUCCEEDED:
        next_steps(app, where, "status", "run", "down")


def _say_departure(app: App, attendance: Attendance, where: str | None) -> None:
    from cynthus.operations.departure import linger_of

    linger = linger_of(attendance.site.document())
    if linger is None or not attendance.site.hosts or attendance.run.state is RunState.LOST:
        return
    idle = span(linger).removesuffix(" 0 s")
    app.console.say(
        f"the machine deletes itself in {idle} unless it is used, once all is saved; `{typed('run --keep', where)}` "
        "is a run after which it stays"
    )
