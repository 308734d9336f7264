"""The agent's own process: it writes status.json until the attempt has ended. Killing it harms nothing."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.agent import clock, disk, gpus, lock, port_watch, record, reserve, standing, supervisor, unit
from cynthus.agent.detached import detach
from cynthus.agent.status import evaluate
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import RunFolder

_BEAT = 2.0
"""Seconds between two heartbeats."""
_GPU_BEAT = 10.0
_LOOK = 0.05
"""Seconds between two looks for the end: what a follower waits for at most."""
_UNIT_PATIENCE = 3.0
_NOTHING: tuple[int, ...] = ()
_PATIENCE = 5.0
"""Seconds for a new supervisor to learn of an end and write it down; it may have to ask a busy Docker engine."""


def ensure(run: RunFolder, attempt: Attempt) -> None:
    """See to it that whoever should watch the attempt does. One that has ended, said so and is saved needs nobody."""
    _see_to_departure(attempt)
    if over(attempt):
        return
    _replace_killed_supervisor(run, attempt)
    if not lock.held(attempt.agent_lock) and not (unit.wake(attempt.home, os.environ) and _taken_up(attempt)):
        keep(run, attempt)


def over(attempt: Attempt) -> bool:
    """Whether the attempt has ended, said so and is saved."""
    return attempt.exit.exists() and told(attempt) and not standing.working(attempt)


def _taken_up(attempt: Attempt) -> bool:
    """Whether the unit's process does what it was woken for."""
    deadline = time.monotonic() + _UNIT_PATIENCE
    while not lock.held(attempt.agent_lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def keep(run: RunFolder, attempt: Attempt) -> None:
    """`ensure`, without systemd's help."""
    _replace_killed_supervisor(run, attempt)
    if not lock.held(attempt.agent_lock):
        detach(lambda: beat(run, attempt), log=attempt.agent_log)


def ensure_ended_or_watched(run: RunFolder, attempt: Attempt) -> None:
    """`ensure`, and where main.py is gone wait until that is on record."""
    ensure(run, attempt)
    known = record.read(attempt)
    deadline = time.monotonic() + _PATIENCE
    while known is not None and not known.main_lives and not attempt.exit.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def beat(run: RunFolder, attempt: Attempt) -> None:
    """Write status.json every two seconds, and at once when the attempt ends; on until what is to be saved is saved.

    One process an attempt does so.
    """
    if lock.acquire(attempt.agent_lock, wait=False) is None:
        return
    _set_room_aside(attempt)
    pulse, due, state, known = _Pulse(run, attempt), 0.0, "", _changed(attempt)
    while True:
        now = time.monotonic()
        begun = state == "STARTING" and attempt.record.exists()
        saving = standing.working(attempt)
        # What a full disk refused is tried again with the next beat, and not at every look.
        over = attempt.exit.exists() and state != "unwritten" and (state != "EXITED" or not saving)
        if now >= due or begun or over or _changed(attempt) != known:
            if not attempt.folder.is_dir():
                return
            _replace_killed_supervisor(run, attempt)
            port_watch.ensure(attempt)
            if saving:
                _save(attempt)
            _listen_for_preemption(attempt)
            _see_to_departure(attempt)
            known = _changed(attempt)
            state, due = pulse.write(now), now + _BEAT
            if state == "EXITED" and not saving:
                return
        time.sleep(_LOOK)


def _save(attempt: Attempt) -> None:
    # Which the agent of a run without a bucket need not read.
    from cynthus.agent import sync

    sync.ensure(attempt)


def _listen_for_preemption(attempt: Attempt) -> None:
    if attempt.exit.exists() or not attempt.metadata.exists():
        return
    # With all that belongs to HTTP, which only machines of a cloud need.
    from cynthus.agent import preemption

    with suppress(OSError, ValueError, KeyError, TypeError):
        preemption.ensure(attempt, str((read_json(attempt.metadata) or {})["server"]))


def _see_to_departure(attempt: Attempt) -> None:
    if not attempt.departure.exists():
        return
    from cynthus.agent import departure

    departure.ensure(attempt.home)


def _changed(attempt: Attempt) -> tuple[int, ...]:
    """When something was last written about the attempt's ports, and about what it does before main.py begins: nobody
    should wait for the next beat to hear of it."""
    return tuple(map(_written, (attempt.ports, attempt.phase)))


def _written(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def told(attempt: Attempt) -> bool:
    """Whether status.json says that the attempt has ended."""
    try:
        document = read_json(attempt.status)
    except (OSError, ValueError):
        return False
    return document is not None and document.get("state") == "EXITED"


class _Pulse:
    def __init__(self, run: RunFolder, attempt: Attempt) -> None:
        self._run = run
        self._attempt = attempt
        self._gpus: list[dict[str, object]] = []
        self._gpus_due = 0.0
        self._disk = disk.Guard(attempt)

    def write(self, now: float) -> str:
        """One heartbeat; gives the state that it told. A full disk costs a heartbeat and nothing else."""
        self._look_at_gpus(now)
        document = evaluate(self._attempt, at=clock.stamp(time.time()), gpus=self._gpus, room=self._disk.look())
        if document["state"] == "EXITED" and not self._attempt.exit.exists() and self._taken_over():
            return "ending"  # A new supervisor is about to end what main.py left behind, and to say why it ended.
        try:
            if document["state"] == "EXITED":
                self._note_strays()
                reserve.write(self._attempt.status, json.dumps(document, indent=2).encode() + b"\n")
            else:
                write_json(self._attempt.status, document, durable=False)
        except OSError:
            return "unwritten"
        return str(document["state"])

    def _taken_over(self) -> bool:
        return self._attempt.record.exists() or lock.held(self._attempt.lock)

    def _note_strays(self) -> None:
        """Who follows the run asks for them next, and this process is at hand. A full disk costs this note alone, and
        so does a program that is not there any more."""
        if self._attempt.strays.exists():
            return
        with suppress(OSError, ValueError, ImportError):
            from cynthus.agent import strays

            write_json(self._attempt.strays, {"runs": strays.of(self._run)}, durable=False)

    def _look_at_gpus(self, now: float) -> None:
        known = record.read(self._attempt)
        if known is not None and known.gpus and now >= self._gpus_due:
            self._gpus, self._gpus_due = gpus.read(), now + _GPU_BEAT


def _set_room_aside(attempt: Attempt) -> None:
    try:
        reserve.make(attempt.status)
    except OSError:
        return


def _replace_killed_supervisor(run: RunFolder, attempt: Attempt) -> None:
    known = record.read(attempt)
    if known is not None and not attempt.exit.exists() and not known.supervisor_lives:
        detach(lambda: _adopt(run, attempt), log=attempt.agent_log)


def _adopt(run: RunFolder, attempt: Attempt) -> None:
    unit.enter_scope(attempt.home, run.id, os.environ)
    supervisor.adopt(run, attempt)
