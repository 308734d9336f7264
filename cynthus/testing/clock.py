"""A clock that a test sets. Nothing waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeClock:
    """A `cynthus.core.clock.Clock` whose time passes only when it is told to, or when somebody sleeps."""

    def __init__(self, start: datetime = START) -> None:
        self._wall = start
        self._monotonic = 0.0
        self.slept: list[float] = []
        """Every sleep that was asked for, in seconds."""

    def now(self) -> datetime:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: it would run backwards.
        """
        if seconds < 0:
            raise ValueError(f"time does not pass by {seconds} s")
        self._wall += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, moment: datetime) -> None:
        """Set the wall clock, as a person or NTP does: `monotonic` does not notice."""
        self._wall = moment.astimezone(UTC)
