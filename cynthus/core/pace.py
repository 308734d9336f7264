"""How fast something of a known size goes on, and how long it will take."""

from __future__ import annotations

from collections import deque

from cynthus.core.amounts import size

WINDOW = 10.0
"""Seconds over which a rate is told: shorter it jumps, longer it tells of a network that is another by now."""
_STEP = 0.25
"""Seconds between two marks."""
_LONGEST = 99 * 3600


class Pace:
    """Times come in as arguments, in seconds of one clock. `part` is how much of the whole is done, 0 to 1."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._done = self._total = 0

    @property
    def part(self) -> float:
        return min(1.0, self._done / self._total) if self._total else 1.0

    def note(self, at: float, done: int, total: int) -> None:
        """So much is done now."""
        if total != self._total or done < self._done:
            # Another whole, or something is done again: what was before tells nothing.
            self._marks.clear()
        self._done, self._total = done, total
        if not self._marks or at - self._marks[-1][0] >= _STEP:
            self._marks.append((at, done))
            while len(self._marks) > 2 and at - self._marks[1][0] >= WINDOW:
                self._marks.popleft()

    def rate(self, at: float) -> float:
        """Bytes a second of late; what was there at the beginning does not count. 0 where that is not known yet."""
        first, done = (self._marks or [(at, self._done)])[0]
        return (self._done - done) / (at - first) if at > first else 0.0

    def words(self, at: float) -> str:
        """How much is done, how fast, and how long it takes yet; '' where nothing is known."""
        if not self._total:
            return ""
        told, rate = f"{size(self._done)} of {size(self._total)}", self.rate(at)
        if rate < 1 or self._done >= self._total:
            return told
        return f"{told}, {size(int(rate))}/s, {_left((self._total - self._done) / rate)} left"


def _left(seconds: float) -> str:
    whole = int(seconds + 0.999)
    if whole > _LONGEST:
        return "days"
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"
