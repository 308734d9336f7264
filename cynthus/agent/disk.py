"""How much room is left where a run writes. We warn of a full disk and end no run because of it: decision 0028."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cynthus.agent.attempt import Attempt

_GIB = 1 << 30
_LITTLE = (5 * _GIB, 0.05)
"""There is little room below both, bytes and part of the whole: the next checkpoint of a usual model may not fit."""
_NONE = (64 << 20, 0.01)
"""The same for none at all: writes fail, or will in a moment. Half a gigabyte of a small disk is not full."""
_RELIEF = 1.25
"""By how much more there must be until it is better again, so that nobody is told of each file that comes and goes."""


class Room(NamedTuple):
    """What is left on the fullest of the disks. `warning` says that it is little; '' where there is enough."""

    free: int
    total: int
    place: str
    warning: str = ""

    @property
    def full(self) -> bool:
        return self.below(_NONE)

    def below(self, limit: tuple[int, float], relief: float = 1.0) -> bool:
        bytes_, part = limit
        return self.free < bytes_ * relief and self.free < self.total * part * relief


class Guard:
    """Looks at the disks on which an attempt writes. It remembers how bad it was, and looks whenever it is asked."""

    def __init__(self, attempt: Attempt) -> None:
        self._places = (attempt.folder, attempt.run_folder.outputs, attempt.home.checkpoints)
        self._little = self._none = 1.0

    def look(self) -> Room | None:
        """None where no disk says how full it is."""
        room = fullest(self._places)
        return None if room is None else self.judge(room)

    def judge(self, room: Room) -> Room:
        """The same with the warning that it deserves after what was seen before."""
        none, little = room.below(_NONE, self._none), room.below(_LITTLE, self._little)
        self._none, self._little = (_RELIEF if none else 1.0), (_RELIEF if little else 1.0)
        return room._replace(warning=_words(room.place, none=none, little=little))


def fullest(places: Iterable[Path]) -> Room | None:
    """The disk with the least room among those on which the places are; one that is not there is left out."""
    found = [room for room in map(_room, places) if room is not None]
    return min(found, default=None)


def at_the_end(attempt: Attempt) -> str:
    """What a failure may come from that only the disk knows of; '' where there is room."""
    room = Guard(attempt).look()
    return f"the disk of the host is full (below {room.place})" if room is not None and room.full else ""


def _room(place: Path) -> Room | None:
    try:
        found = os.statvfs(place)
    except OSError:
        return None
    # What is kept for root is no room for main.py in a container, and for nobody a place to rely on.
    room = Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, str(place))
    return room if room.total else None


def _words(place: str, *, none: bool, little: bool) -> str:
    """No numbers: whoever follows a run shows it again when it changes."""
    if none:
        return f"the disk of the host is full (below {place}): what main.py writes may be lost"
    return f"little room is left on the disk of the host (below {place})" if little else ""
