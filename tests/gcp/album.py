"""Pictures of what lies on the disks after each call to a cloud: what a kill of everything leaves at that moment."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from cynthus.testing.gcp import SimulatedCloud
from tests.gcp.estate import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from cynthus.testing.gcs_faults import Request
    from tests.gcp.laptop import Laptop

SIDES = ("laptop", "cloud")
COLLECTIONS = (*KINDS, "disks", "objects", "pending", "policies", "timers")


@dataclass(frozen=True)
class Picture:
    """All that was there when the call of that number was done, ours and the cloud's."""

    number: int
    call: str
    moment: datetime
    place: Path

    def __str__(self) -> str:
        return f"killed after call {self.number}: {self.call}"

    def alone(self, place: Path) -> SimulatedCloud:
        """The cloud as it was, whom nobody asks for anything from now on. It has to be closed."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.place / "cloud", place)
        cloud = SimulatedCloud(place / "state")
        # The clock of a cloud goes on while nobody has it.
        cloud.clock = self.moment
        return cloud


class Album:
    """The pictures of what somebody does. A call that has changed nothing, here or there, is counted and has none: a
    kill after it leaves what a kill before it does.

    Nobody has to be killed for a picture: whoever waits for an answer changes nothing on the disk.
    """

    def __init__(self, person: Laptop, place: Path) -> None:
        self.pictures: list[Picture] = []
        self.calls = 0
        self._person = person
        self._place = place
        self._last = b""

    def of(self, does: Callable[[], object]) -> list[Picture]:
        """Those that are taken while they do that."""
        self._person.cloud.after(self._take)
        # It changes nothing, and would be at it while files are written here.
        self._person.target.looks_ahead = False
        does()
        self._person.cloud.after(lambda _: None)
        return self.pictures

    def _take(self, request: Request) -> None:
        # Several may ask at once.
        with self._person.cloud.world.store.lock:
            self.calls += 1
            there = self._digest()
            if there != self._last:
                self._last = there
                place = self._place / str(self.calls)
                for side in SIDES:
                    shutil.copytree(self._person.place.parent / side, place / side, symlinks=True)
                moment = self._person.cloud.clock
                self.pictures.append(Picture(self.calls, f"{request.method} {request.path}", moment, place))

    def _digest(self) -> bytes:
        digest = hashlib.sha256()
        for path in sorted(self._person.place.rglob("*")):
            digest.update(f"{path}\0".encode() + (path.read_bytes() if path.is_file() else b""))
        store = self._person.cloud.world.store
        digest.update(msgspec.json.encode({each: store.items(each) for each in COLLECTIONS}))
        return digest.digest()
