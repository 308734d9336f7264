"""Who holds a lock: what its file says, and whether that is still true."""

from __future__ import annotations

import json
import os
import pwd
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from cynthus.core.clock import parse_stamp
from cynthus.process import alive
from cynthus.state.record import restore

SILENCE = timedelta(seconds=60)
"""A holder on another machine that was not heard of for so long is gone."""


class Place(Struct, frozen=True):
    """Who we are and on which machine. `boot` is the kernel's id of its present life, '' where it tells none."""

    owner: str
    host: str
    boot: str

    def reaches(self, holder: Holder) -> bool:
        """Whether the holder was started under the kernel that we run on: its locks and pids are then ours to ask."""
        return self.boot == holder.boot if self.boot and holder.boot else self.host == holder.host


class Holder(Struct, frozen=True):
    """One holder of a lock. Times are UTC, RFC 3339; `born` tells a process from a later one of the same pid."""

    owner: str
    host: str
    boot: str
    pid: int
    born: str
    operation: str
    since: str
    beat_at: str

    def __str__(self) -> str:
        since = _local_time(self.since)
        return f'{self.owner}@{self.host} has been running "{self.operation}" here since {since} (pid {self.pid})'

    def document(self) -> bytes:
        """One line of JSON. Its length does not change from beat to beat."""
        return json.dumps(asdict(self)).encode() + b"\n"

    def silent(self, now: datetime) -> bool:
        """Whether it was not heard of for a minute. The clocks of two machines should not differ by much."""
        try:
            return now - parse_stamp(self.beat_at) > SILENCE
        except ValueError:
            return True

    def at_work(self, place: Place, now: datetime) -> bool:
        """Whether it is still there: asked of the kernel where that can be, else told by its heartbeat."""
        return alive(self.pid, self.born) if place.reaches(self) else not self.silent(now)


def here() -> Place:
    """This user on this machine."""
    try:
        owner = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        owner = f"user {os.getuid()}"
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    return Place(owner, os.uname().nodename, boot)


def read_holder(path: Path) -> Holder | None:
    """What a lock's file says. Reads without a lock of its own; None where it says nothing that can be read."""
    try:
        return parse_holder(path.read_bytes())
    except OSError:
        return None


def parse_holder(data: bytes) -> Holder | None:
    """The first line counts: behind it may stand the rest of a longer one that is about to be cut."""
    try:
        return restore(Holder, json.loads(data.partition(b"\n")[0]))
    except (ValueError, RecursionError):
        return None


def current_holder(path: Path, place: Place, now: datetime) -> Holder | None:
    """Who is at work, for those who only look; what a killed process left in the file is nobody."""
    holder = read_holder(path)
    return holder if holder is not None and holder.at_work(place, now) else None


def _local_time(stamp: str) -> str:
    """The time of day as the reader's clock shows it, with the date."""
    try:
        return f"{parse_stamp(stamp).astimezone():%H:%M:%S on %Y-%m-%d}"
    except ValueError:
        return stamp
