"""What an attempt's processes write down about themselves, so that others find them after a crash."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from cynthus import process
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from cynthus.agent.home import Attempt


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

    @property
    def main_lives(self) -> bool:
        return process.alive(self.pid, self.born)

    @property
    def supervisor_lives(self) -> bool:
        return process.alive(self.supervisor_pid, self.supervisor_born)

    @property
    def overdue(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def supervised_by_us(self) -> Record:
        """The same with this process as the supervisor."""
        return self._replace(supervisor_pid=os.getpid(), supervisor_born=process.birth(os.getpid()) or "")


def write(attempt: Attempt, record: Record) -> None:
    """Raises: OSError."""
    write_json(attempt.record, record._asdict())


def read(attempt: Attempt) -> Record | None:
    """The record, or None before anything was started. A damaged one is told from a missing one by ValueError."""
    document = read_json(attempt.record)
    if document is None:
        return None
    try:
        return Record(**document)  # type: ignore[arg-type]  # written by `write` above, whole or not at all
    except TypeError as error:
        raise ValueError(f"{attempt.record}: {error}") from None


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
    return read_json(attempt.exit)
