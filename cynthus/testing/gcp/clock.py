"""The clock of a simulated cloud: it goes as ours does, some time ahead or behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Store


class CloudClock:
    """How far it is from ours is part of the state."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

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
