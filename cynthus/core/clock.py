"""Time as an argument, and how a moment is written into a record."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and passes it."""

    def now(self) -> datetime:
        """This moment, in UTC and with its time zone. May jump when somebody sets the machine's clock."""

    def monotonic(self) -> float:
        """Seconds since some moment in the past; never jumps. For measuring how long something took."""

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def stamp(moment: datetime) -> str:
    """A moment as RFC 3339 in UTC, to the second: `2026-01-02T03:04:05Z`.

    Raises:
        ValueError: the moment has no time zone, so it could be any of them.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: str) -> datetime:
    """The moment that an RFC 3339 text names, in UTC; fractions of a second are kept.

    Raises:
        ValueError: it is no such text, or it does not name its time zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} does not name its time zone")
    return moment.astimezone(UTC)


_LABEL = "%Y-%m-%dt%H-%M-%Sz"


def as_label(moment: datetime) -> str:
    """A moment as the label of a cloud can say it, in small letters, digits and dashes: `2026-01-02t03-04-05z`.

    Raises:
        ValueError: the moment has no time zone, so it could be any of them.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC).strftime(_LABEL)


def parse_label(text: str) -> datetime:
    """The moment that such a label names, in UTC.

    Raises:
        ValueError: it is no such text.
    """
    return datetime.strptime(text, _LABEL).replace(tzinfo=UTC)
