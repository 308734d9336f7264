"""What an attempt's processes write down about themselves, so that others find them after a crash."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cynthus import process
from cynthus.agent import clock
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from cynthus.agent.attempt import Attempt

_USUAL_GRACE = 10.0
"""Seconds between asking and making main.py end, where nobody knows what was agreed."""
_END_DAMAGED = "exit status unknown: the record of its end is damaged"


class Record(NamedTuple):
    """What runs. `born` and `supervisor_born` tell a process from a later one of the same pid.

    `deadline` is when the attempt must end, on the machine's monotonic clock; None: never. `container` is the name of
    one, then `pid` is its first process as the machine sees it.
    """

    pid: int
    born: str
    supervisor_pid: int
    supervisor_born: str
    started_at: str
    deadline: float | None
    stop_grace: float
    gpus: int
    container: str | None
    boot: str = ""
    """Which start of the machine it was; '' in a record of an earlier version, and where the system does not tell."""
    idle: float | None = None
    """Seconds of idling after which it must end; None: none are too many."""

    @property
    def damaged(self) -> bool:
        """Whether the file could not be read, so that nobody knows any pid."""
        return not self.supervisor_pid

    @property
    def main_lives(self) -> bool:
        return process.alive(self.pid, self.born)

    @property
    def supervisor_lives(self) -> bool:
        return process.alive(self.supervisor_pid, self.supervisor_born)

    @property
    def of_an_earlier_boot(self) -> bool:
        """Whether the machine has started again since, so that nothing of the attempt can live."""
        return bool(self.boot) and self.boot != this_boot()

    @property
    def overdue(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def supervised_by_us(self) -> Record:
        """The same with this process as the supervisor."""
        return self._replace(supervisor_pid=os.getpid(), supervisor_born=process.birth(os.getpid()) or "")


def this_boot() -> str:
    """The id of this start of the machine (random(4)); '' where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


_KINDS: dict[str, tuple[type, ...]] = {
    "pid": (int,), "born": (str,), "supervisor_pid": (int,), "supervisor_born": (str,), "started_at": (str,),
    "deadline": (int, float, type(None)), "stop_grace": (int, float), "gpus": (int,), "container": (str, type(None)),
    "boot": (str,), "idle": (int, float, type(None)),
}


def write(attempt: Attempt, record: Record) -> None:
    """Raises: OSError."""
    write_json(attempt.record, record._asdict())


def read(attempt: Attempt) -> Record | None:
    """The record, or None before anything was started. Of a `damaged` one is left what other files tell."""
    try:
        document = read_json(attempt.record)
        return None if document is None else _checked({"boot": "", "idle": None, **document})
    except (OSError, ValueError):
        pass
    try:
        return _remains(attempt)
    except FileNotFoundError:  # a new supervisor is about to write another one
        return None


def set_aside(attempt: Attempt) -> None:
    """Give a damaged record another name, so that another one can take its place.

    Whoever reads meanwhile finds one: the old name is left to the write that replaces it. A folder, which can have no
    second name, is moved away.
    """
    name = attempt.record.with_name(f"{attempt.record.name}.damaged-{os.urandom(4).hex()}")
    try:
        os.link(attempt.record, name, follow_symlinks=False)
    except OSError:
        os.replace(attempt.record, name)


def _checked(document: dict[str, object]) -> Record:
    if not all(isinstance(document.get(name), kinds) for name, kinds in _KINDS.items()):
        raise ValueError("a field is missing or has another type")
    return Record(**{name: document[name] for name in _KINDS})  # type: ignore[arg-type]  # looked at above


def _remains(attempt: Attempt) -> Record:
    """The record was written when main.py started, and whatever runs in a container has its engine on record."""
    from cynthus.agent.container_room import name_of

    started = clock.stamp(attempt.record.lstat().st_mtime)
    container = name_of(attempt) if attempt.engine.exists() else None
    return Record(0, "", 0, "", started, None, _USUAL_GRACE, 0, container)


class Ended(NamedTuple):
    """How main.py ended. Neither code nor signal: nobody knows, and `reason` says why."""

    exit_code: int | None
    signal: int | None
    reason: str


def write_end(attempt: Attempt, ended: Ended, *, at: str) -> None:
    """The attempt's last word. Written into room that was set aside, for the run may have filled the disk."""
    from cynthus.agent import reserve

    document = {**ended._asdict(), "ended_at": at}
    reserve.write(attempt.exit, json.dumps(document, indent=2).encode() + b"\n")


def read_end(attempt: Attempt) -> dict[str, object] | None:
    """The file `exit`; None as long as the attempt has not ended."""
    try:
        return read_json(attempt.exit)
    except (OSError, ValueError):
        return {"reason": _END_DAMAGED, "ended_at": clock.stamp(attempt.exit.lstat().st_mtime)}
