"""The clock of a simulated cloud: it goes as ours does, some time ahead or behind."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.testing.gcp.store import Store


class CloudClock:
    """How far it is from ours is part of the state."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._still: datetime | None = None

    def now(self) -> datetime:
        """To the millisecond: so exactly are moments told, and nothing is to be counted by others."""
        if self._still is not None:
            return self._still
        now = datetime.now(UTC) + timedelta(seconds=self._ahead)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @contextmanager
    def still(self, seconds: float | None = None) -> Iterator[None]:
        """Let no time pass within the block: what happens at once is told, and charged, with one moment, that of so
        many `seconds` since 1970 or this one. For who holds the store's lock."""
        before = self._still
        self._still = self.now() if seconds is None else datetime.fromtimestamp(seconds, UTC)
        try:
            yield
        finally:
            self._still = before

    def seconds(self) -> float:
        """Since 1970."""
        return self.now().timestamp()

    def stamp(self) -> str:
        """Now, as a resource says it."""
        return stamp(self.now())

    def advance(self, seconds: float) -> None:
        """Raises: ValueError, where time would run backwards."""
        if seconds < 0:
            raise ValueError(f"time does not pass by {seconds} s")
        self._store.put("settings", "clock", {"ahead": self._ahead + seconds})

    def set(self, moment: datetime) -> None:
        ahead = (moment - datetime.now(UTC)).total_seconds()
        self._store.put("settings", "clock", {"ahead": ahead})

    @property
    def _ahead(self) -> float:
        return float((self._store.get("settings", "clock") or {}).get("ahead", 0.0))


def stamp(moment: datetime) -> str:
    """A moment as Google writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
