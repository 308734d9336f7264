"""A run as a container: made, started, watched and ended by the `docker` command line."""

from __future__ import annotations

import math
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from cynthus import process
from cynthus.agent import container_room, engine, ports, record, reserve, supervisor, unit
from cynthus.agent.alarm import Alarm
from cynthus.agent.container_argv import APP, create_argv
from cynthus.agent.engine import last_line
from cynthus.agent.failure import Failure
from cynthus.agent.fellows import ALONE, Fellows
from cynthus.agent.image_name import LABEL
from cynthus.agent.record import Ended
from cynthus.agent.status import NEVER_BEGAN
from cynthus.agent.supervisor import Launch
from cynthus.process import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.engine import Engine, Waiter
    from cynthus.agent.home import Home, RunFolder
    from cynthus.agent.spec import Spec
    from cynthus.agent.supervisor import Tell
    from cynthus.agent.version import Version

_PATIENCE = 30.0
"""Seconds for the engine to end a container, beyond the grace that it was told."""
_SILENCE = 1.0
"""Seconds until an engine that does not answer is asked again."""
_LOST = 60.0
"""Seconds without a word of the engine after which a main.py that is gone has ended. A restart takes less."""
_NO_WORD = "exit status unknown: the Docker engine does not answer any more"
_GONE = "exit status unknown: somebody removed the container"
_NO_MEMORY = "out of memory: the kernel ended it"


def launch(
    home: Home, spec: Spec, run: RunFolder, attempt: Attempt, ready: Version,
    environment: Mapping[str, str], secrets: Mapping[str, str], fellows: Fellows = ALONE,
    devices: tuple[int, ...] = (),
) -> Launch:
    """What to start, with the folders that it needs in place.

    Raises:
        Failure: the source has something of its own where a mount must be, or a secret's name is no variable's.
        OSError: a folder cannot be made.
    """
    talk = engine.of(environment)
    talk.keep(attempt.engine)
    ports.expect(attempt, spec.ports, inside=not fellows.several)
    room = container_room.make(home, spec, run, attempt, ready, environment, secrets)
    command = Command(create_argv(spec, run, attempt, ready, room, fellows, devices), env=talk.variables)
    return Launch(run, attempt, command, spec.max_duration, spec.stop_grace, spec.gpus, spec.idle)


def begin(launch: Launch, *, tell: Tell) -> None:
    """Start the container, wait for its end and write it down. The caller holds the attempt's lock."""
    alarm = Alarm()
    attempt = launch.attempt
    reserve.make(attempt.exit)
    container = Container(attempt)
    try:
        container.make(launch.command)
    except Failure as failure:
        tell(failure.problem())
        return
    # Before it starts: no container runs that no record tells of.
    known = supervisor.first_record(launch, 0, "", container.name)
    record.write(attempt, known)
    container.start()
    pid = container.pid()
    record.write(attempt, known._replace(pid=pid, born=process.birth(pid) or ""))
    tell()
    supervisor.watch(launch.run, attempt, container, alarm)


def adopt(attempt: Attempt, name: str, *, may_begin: bool) -> Container:
    """The container of a supervisor that was killed; one that it had made and not started starts now, if it may."""
    container = Container(attempt, name)
    if may_begin:
        container.start()
    return container


def exec_argv(name: str, words: tuple[str, ...], *, tty: bool) -> tuple[str, ...]:
    """Runs a command in a container that runs, as main.py's user and in its folder."""
    terminal = ("--tty",) if tty else ()
    return ("docker", "exec", "--interactive", *terminal, "--workdir", APP, name, *words)


class Container:
    """The container of an attempt, as what a supervisor watches."""

    def __init__(self, attempt: Attempt, name: str | None = None, *, patience: float = _LOST) -> None:
        self.name = name or container_room.name_of(attempt)
        self._attempt = attempt
        self._engine: Engine = engine.recall(attempt.engine, os.environ)
        self._waiter: Waiter | None = None
        self._ask_at = 0.0
        self._patience = patience
        self._silent_since: float | None = None
        self._ended: Ended | None = None

    def make(self, command: Command) -> None:
        """Create it by `docker create`, anew where a start that was cut off had done so.

        Raises:
            Failure: the engine refuses, or somebody else has a container of that name.
        """
        there = self._engine.inspect("container", self.name)
        if there is not None:
            self._refuse_foreign(there)
            self._engine.ask("rm", "--force", "--volumes", self.name)
        answer = self._engine.ask(*command.argv[1:])
        if answer.returncode:
            raise Failure(
                f"the container could not be made: {last_line(answer)}",
                hint="the verb `environment` makes its image again; `docker info` shows how the engine is",
            )

    def start(self) -> None:
        """Start one that was made; why that did not work can be seen in how it ended. Fine where it runs already."""
        found = self._look()
        if found and found["State"]["Status"] == "created":
            self._engine.ask("start", self.name)

    def pid(self) -> int:
        """Its first process as this machine sees it, 0 where it has none."""
        found = self._look()
        return int(found["State"]["Pid"]) if found else 0

    def poll(self) -> Ended | None:
        waits = self._waiter is not None and self._waiter.poll() is None
        if self._ended is None and not waits and time.monotonic() >= self._ask_at:
            self._ask()
        return self._ended

    def end(self, grace: float) -> None:
        try:
            answer = self._engine.ask("stop", "--time", str(math.ceil(grace)), self.name, timeout=grace + _PATIENCE)
        except Failure:
            time.sleep(_SILENCE)
        else:
            # In vain where it is gone already, which the next look finds out.
            time.sleep(_SILENCE if answer.returncode else 0)

    def clear(self, grace: float) -> None:
        """Nothing outlives a container's first process."""

    def forget(self) -> None:
        """Remove it, and the secrets it may not have come to read."""
        container_room.forget_secrets(self._attempt, os.environ)
        try:
            self._engine.ask("rm", "--force", "--volumes", self.name)
        except Failure:
            return  # The verb `remove` finds it by its label.

    def _ask(self) -> None:
        try:
            found = self._engine.inspect("container", self.name)
        except Failure:
            self._ask_at = time.monotonic() + _SILENCE
            self._give_up()
            return
        self._silent_since = None
        if found is None:
            self._ended = Ended(None, None, _GONE)
        elif found["State"]["Running"]:
            # It ends when the container does, and that wakes us up. Not at once again, should it fail.
            self._waiter = self._engine.start("wait", self.name)
            self._ask_at = time.monotonic() + 0.05
        else:
            self._ended = _how(found["State"])

    def _give_up(self) -> None:
        """An engine that was removed never answers, and nobody should wait for ever for a process that is gone."""
        if unit.system_stops():
            # It is not coming back, and whoever has stopped it ends the container, too. Nor must that wait for us.
            self._ended = Ended(None, None, supervisor.shut_down(self._attempt))
            return
        if self._silent_since is None:
            self._silent_since = time.monotonic()
        if time.monotonic() - self._silent_since < self._patience:
            return
        known = record.read(self._attempt)
        if known is None or not known.main_lives:
            self._ended = Ended(None, None, _NO_WORD)

    def _look(self) -> Mapping[str, Any] | None:
        try:
            return self._engine.inspect("container", self.name)
        except Failure:
            return None

    def _refuse_foreign(self, found: Mapping[str, Any]) -> None:
        ours = (found["Config"]["Labels"] or {}).get(LABEL) == self._attempt.deployment
        if not ours or found["State"]["Status"] != "created":
            raise Failure(
                f"there is a container {self.name} already", hint=f"look at it, then `docker rm --force {self.name}`"
            )


def _how(state: Mapping[str, Any]) -> Ended:
    code = int(state["ExitCode"])
    if state["Status"] == "created":
        return Ended(127, None, f"cannot start the container: {state['Error']}") if state["Error"] else Ended(
            None, None, NEVER_BEGAN
        )
    number = code - 128
    if number in list(signal.Signals):
        # The container's init says by such a code that a signal ended its child.
        return Ended(None, number, _NO_MEMORY if state["OOMKilled"] else "")
    return Ended(code, None, "")
