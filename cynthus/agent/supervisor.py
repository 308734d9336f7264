"""The process that starts main.py, waits for its end and writes down how it ended."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cynthus import process
from cynthus.agent import clock, cluster, disk, lock, processes, record, request, reserve, unit
from cynthus.agent.alarm import Alarm
from cynthus.agent.failure import Failure
from cynthus.agent.held import Held
from cynthus.agent.main_process import REBOOTED, Main, MainProcess
from cynthus.agent.record import Ended, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import RunFolder
    from cynthus.process import Command

_TERMINATED = 128 + signal.SIGTERM
"""The exit code of a container that was told to end."""
SHUT_DOWN = "the machine was shut down"
_TICK = 0.5
"""Seconds between two looks at the stop request; the end of main.py and signals are noticed at once."""


_HURRY = 15.0
"""Seconds for main.py to end where a cloud takes the machine back: that gives 30, and what is left is for saving."""
_HELD = 25.0
"""Seconds after that for which we keep the machine from going off while something is not saved."""
_PREEMPTED = "preempted"


class Tell(Protocol):
    """Says to whoever waits for the start that the attempt is on record, or (a failure's document) why it is not."""

    def __call__(self, problem: Mapping[str, object] | None = None) -> None: ...


class Launch(NamedTuple):
    """What a supervisor starts. Seconds; `max_duration` None: no end."""

    run: RunFolder
    attempt: Attempt
    command: Command
    max_duration: float | None
    stop_grace: float
    gpus: int
    idle: float | None = None


def begin(launch: Launch, *, tell: Tell) -> None:
    """Start main.py, wait for its end and write it down. The caller holds the attempt's lock."""
    # First of all: from the record on anybody may send us SIGTERM.
    alarm = Alarm()
    processes.adopt_orphans()
    reserve.make(launch.attempt.exit)
    main = start(launch)
    tell()
    if main is not None:
        watch(launch.run, launch.attempt, main, alarm)


def start(launch: Launch) -> Main | None:
    """main.py, running; None where it could not be started, which is then the attempt's end.

    Its pid is on disk before it has done anything.
    """
    attempt = launch.attempt
    output = os.open(attempt.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    held = Held(launch.command, output=output)
    os.close(output)
    born = process.birth(held.pid) or ""
    record.write(attempt, first_record(launch, held.pid, born))
    problem = held.release()
    if problem:
        os.waitpid(held.pid, 0)
        cluster.remove_folder(attempt)
        finish(attempt, Ended(127, None, f"cannot start {launch.command.argv[0]!r}: {problem}"))
        return None
    return MainProcess(held.pid, born, attempt.label, ours=True)


def first_record(launch: Launch, pid: int, born: str, container: str | None = None) -> Record:
    """The record of a run that begins now, with this process as its supervisor."""
    deadline = None if launch.max_duration is None else time.monotonic() + launch.max_duration
    began = Record(
        pid, born, 0, "", clock.stamp(time.time()), deadline, launch.stop_grace, launch.gpus, container,
        record.this_boot(), launch.idle,
    )
    return began.supervised_by_us()


def watch(run: RunFolder, attempt: Attempt, main: Main, alarm: Alarm) -> None:
    """Wait for the end, bring it about when it is asked for or due, and write it down."""
    known = record.read(attempt)
    assert known is not None  # noqa: S101 - written before main.py was let go
    idle = _idle(attempt, known)
    why, told = "", False
    while (ended := main.poll()) is None:
        why = why or wished(run, attempt) or _asked(attempt, alarm) or _overdue(known) or _homeless(attempt) or idle()
        if why:
            told = told or main.poll() is None
            main.end(_grace(known, why))
        alarm.wait(0.02 if why else _TICK)
    if not told:
        # Whoever shuts a machine down tells main.py to end in the same moment as us, and it may be quicker. Else it has
        # ended by itself, before the reason that was found.
        signalled = why or alarm.asked or ended.signal == signal.SIGTERM or ended.exit_code == _TERMINATED
        why = (why or shut_down(attempt)) if signalled and unit.system_stops() else ""
    main.clear(_grace(known, why))
    ended = _told_end(attempt, ended)
    cluster.remove_folder(attempt)
    if known.container is None:
        _gather(run)
    # A wish that came while the last processes were ended came too late to be the reason.
    ended = ended._replace(reason=why or ended.reason or _disk_full(attempt, ended))
    finish(attempt, ended)
    main.forget()
    if ended.reason == SHUT_DOWN or ended.reason.startswith(_PREEMPTED):
        _hold(attempt)


def _told_end(attempt: Attempt, ended: Ended) -> Ended:
    """How it ended, with what is noted by whatever stands before main.py."""
    ended = cluster.told_end(attempt, ended)
    if not attempt.phase.exists():
        return ended
    from cynthus.agent import prepared

    return prepared.told_end(attempt, ended)


def _asked(attempt: Attempt, alarm: Alarm) -> str:
    """Why a signal says that it should end; one that is not ours may come from a machine that is shut down."""
    return shut_down(attempt) if alarm.asked and unit.system_stops() else alarm.asked


def shut_down(attempt: Attempt) -> str:
    """Why the machine is shut down: its cloud takes it back, or somebody does that, or the cloud's own clock."""
    # A program that was replaced meanwhile may have none of this any more.
    with suppress(ImportError):
        if attempt.metadata.exists():
            # With all that belongs to HTTP, which only machines of a cloud need.
            from cynthus.agent import preemption

            return preemption.REASON if preemption.is_on(attempt) else SHUT_DOWN
    return SHUT_DOWN


def _grace(known: Record, why: str) -> float:
    return min(known.stop_grace, _HURRY) if why.startswith(_PREEMPTED) else known.stop_grace


def _hold(attempt: Attempt) -> None:
    """Have the shutdown wait for us, and so for what main.py has written at its end: it may have ended the sender, too.
    With the scope of a run gone, a machine is off within half a second."""
    # A program that was replaced meanwhile may have none of this any more.
    with suppress(OSError, ImportError):
        from cynthus.agent import standing, sync

        until = time.monotonic() + _HELD
        while standing.working(attempt) and time.monotonic() < until:
            sync.ensure(attempt)
            time.sleep(0.1)


def _idle(attempt: Attempt, known: Record) -> Callable[[], str]:
    if known.idle is None:
        return str
    # With all that it takes to look at files and processors, which few runs need.
    from cynthus.agent.idle import Idle

    return Idle(attempt, known).reason


def _disk_full(attempt: Attempt, ended: Ended) -> str:
    """A full disk, where main.py has failed on one: its own words about that may not have found room in the log."""
    if ended.exit_code == 0:
        return ""
    full = disk.at_the_end(attempt)
    how = f"signal {ended.signal}" if ended.signal else f"exit code {ended.exit_code}"
    return f"{full}, main.py ended with {how}" if full else ""


def _gather(run: RunFolder) -> None:
    """Outputs that main.py wrote beside our links count, too. A container cannot do that: there they are mounts."""
    # A program that was replaced meanwhile may have none of these any more.
    with suppress(OSError, ValueError, Failure, ImportError):
        from cynthus.agent import links, spec

        given, _ = spec.read(run.spec)
        checkpoints = run.folder.parent.parent / "checkpoints"
        links.gather(run, {given.outputs: run.outputs, given.checkpoints: checkpoints})


def finish(attempt: Attempt, ended: Ended) -> None:
    """Write the end down. A disk that refuses is asked again: without this file nobody learns of the end."""
    while attempt.folder.is_dir():
        try:
            record.write_end(attempt, ended, at=clock.stamp(time.time()))
        except OSError:
            time.sleep(1)
        else:
            return


def adopt(run: RunFolder, attempt: Attempt) -> None:
    """Take the place of a supervisor that was killed; nothing to do where one lives or the attempt has ended."""
    descriptor = lock.acquire(attempt.lock, wait=False)
    if descriptor is None:
        return
    known = record.read(attempt)
    if known is None or attempt.exit.exists():
        return
    if known.of_an_earlier_boot:
        cluster.remove_folder(attempt)
        finish(attempt, Ended(None, None, REBOOTED))
        if known.container is not None:
            _orphan(attempt, known, may_begin=False).forget()
        return
    alarm = Alarm()
    if known.damaged:
        record.set_aside(attempt)
    known = known.supervised_by_us()
    with suppress(OSError):  # a full disk: the lock tells who supervises, too
        record.write(attempt, known)
    watch(run, attempt, _orphan(attempt, known, may_begin=not wished(run, attempt)), alarm)


def wished(run: RunFolder, attempt: Attempt) -> str:
    """Why the attempt should end, or should never start; '' where nobody wishes so."""
    return request.reason(attempt.stop) or request.reason(run.stop)


def _orphan(attempt: Attempt, known: Record, *, may_begin: bool) -> Main:
    if known.container is None:
        return MainProcess(known.pid, known.born, attempt.label, ours=False)
    from cynthus.agent import container

    return container.adopt(attempt, known.container, may_begin=may_begin)


def _homeless(attempt: Attempt) -> str:
    """Nobody can see or stop a run whose folder somebody has removed, so it does not go on."""
    return "" if attempt.folder.is_dir() else "its folder is gone"


def _overdue(known: Record) -> str:
    return "deadline: it ran as long as `max_duration`, or the time of its machine, allows" if known.overdue else ""
