"""How an attempt stands, from what its processes wrote and from whether they live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.agent import disk, lock, phase, ports, record, standing
from cynthus.agent.main_process import REBOOTED, UNKNOWN
from cynthus.files import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.disk import Room
    from cynthus.agent.standing import Standing

NEVER_BEGAN = "main.py never began: the start was cut off"


def evaluate(
    attempt: Attempt, *, at: str, gpus: Sequence[object] = (), room: Room | None = None,
    told: Standing | None = None,
) -> dict[str, object]:
    """status.json as it should read now; `at` is the time to write into it.

    `room` is left on the disk, and `told` is how far it is saved, where that is known better than by looking.
    """
    known = record.read(attempt)
    ended = record.read_end(attempt) or _unrecorded_end(attempt, known)
    logged, room = _size(attempt), room or disk.Guard(attempt).look()
    told = told or standing.read(attempt)
    return {
        "schema": 1,
        "run_id": attempt.run,
        "attempt": attempt.number,
        "rank": attempt.rank,
        "state": "EXITED" if ended else "RUNNING" if known else "STARTING",
        "pid": (known.pid or None) if known else None,
        "beat_at": at,
        "started_at": known.started_at if known else None,
        "ended_at": ended.get("ended_at", at) if ended else None,
        "exit_code": ended.get("exit_code") if ended else None,
        "signal": ended.get("signal") if ended else None,
        "reason": ended.get("reason", "") if ended else "",
        "bytes_logged": logged,
        # Without a bucket the files are read where they lie: nothing has to be brought anywhere.
        **(told.told() if told else {"bytes_synced": logged, "bytes_behind": 0, "sync": None}),
        "disk_free_bytes": room.free if room else None,
        "warning": room.warning if room and not ended else "",
        "idle_since": None if ended else idle_since(attempt),
        "departure": departure_of(attempt),
        "phase": "" if ended else phase.read(attempt).name,
        "gpus": list(gpus),
        "ports": [] if ended else [each._asdict() for each in ports.read(attempt).each],
    }


def _unrecorded_end(attempt: Attempt, known: record.Record | None) -> dict[str, object] | None:
    """The end of an attempt whose supervisor was killed before it could write one down."""
    if known is not None and (known.supervisor_lives or known.main_lives):
        return None
    if (known is None or known.damaged) and lock.held(attempt.lock):
        return None
    # It may have written the end between our look at the file and our look at the process.
    known = known or record.read(attempt)
    if known is not None and known.of_an_earlier_boot:
        return record.read_end(attempt) or {"reason": REBOOTED}
    return record.read_end(attempt) or {"reason": UNKNOWN if known else NEVER_BEGAN}


def idle_since(attempt: Attempt) -> str | None:
    """Since when it has been idle; None where it is not, or nobody looks."""
    try:
        return str((read_json(attempt.idle) or {})["since"])
    except (OSError, ValueError, KeyError):
        return None


def departure_of(attempt: Attempt) -> dict[str, object] | None:
    """When and why the machine deletes itself, or what keeps it from that; None where nobody sees to that."""
    try:
        return read_json(attempt.departing)
    except (OSError, ValueError):
        return None


def _size(attempt: Attempt) -> int:
    try:
        return attempt.log.stat().st_size
    except OSError:
        return 0
