"""Who made what, when, and for how long it was there: what a simulated cloud would have charged for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.testing.gcp.clock import CloudClock
    from cynthus.testing.gcp.store import Store


class Entry(Struct, frozen=True):
    """A resource of one kind (`instances`, `buckets`, ...). Moments are seconds since 1970; `ended` is None as long as
    it is there. `ran` counts the seconds that a machine ran before it last began to, at `running`."""

    kind: str
    key: str
    by: str
    began: float
    ended: float | None = None
    machine_type: str = ""
    per_hour: float = 0.0
    ran: float = 0.0
    running: float | None = None

    def hours(self, now: float) -> float:
        """How long the machine ran."""
        return (self.ran + (now - self.running if self.running is not None else 0.0)) / 3600

    def cost(self, now: float) -> float:
        """In dollars, as far as a price is known."""
        return self.hours(now) * self.per_hour


class Ledger:
    """All entries, in the order in which they were made."""

    def __init__(self, store: Store, clock: CloudClock, prices: Mapping[str, float]) -> None:
        self._store = store
        self._clock = clock
        self._prices = prices

    def begin(self, kind: str, key: str, by: str, machine_type: str = "") -> None:
        """Something is there now."""
        number = f"{self._store.size('ledger'):09}"
        price = self._prices.get(machine_type, 0.0)
        entry = Entry(kind, key, by, self._clock.seconds(), machine_type=machine_type, per_hour=price)
        self._store.put("ledger", number, msgspec.to_builtins(entry))
        self._store.put("open", f"{kind} {key}", {"number": number})

    def end(self, kind: str, key: str) -> None:
        """It is gone."""
        self.stops(kind, key)
        self._change(kind, key, ended=self._clock.seconds())
        if self._store.get("open", f"{kind} {key}") is not None:
            self._store.remove("open", f"{kind} {key}")

    def runs(self, kind: str, key: str) -> None:
        """A machine begins to cost."""
        self._change(kind, key, running=self._clock.seconds())

    def stops(self, kind: str, key: str, at: float | None = None) -> None:
        """A machine costs no more, or has not since that moment."""
        entry = self._open(kind, key)
        if entry is not None and entry.running is not None:
            ran = entry.ran + (self._clock.seconds() if at is None else at) - entry.running
            self._change(kind, key, ran=ran, running=None)

    def entries(self) -> list[Entry]:
        return [msgspec.convert(entry, Entry) for _, entry in self._store.items("ledger")]

    def _open(self, kind: str, key: str) -> Entry | None:
        found = self._store.get("open", f"{kind} {key}")
        told = self._store.get("ledger", found["number"]) if found else None
        return msgspec.convert(told, Entry) if told else None

    def _change(self, kind: str, key: str, **changes: float | None) -> None:
        entry = self._open(kind, key)
        found = self._store.get("open", f"{kind} {key}")
        if entry is not None and found is not None:
            self._store.put("ledger", found["number"], msgspec.to_builtins(structs.replace(entry, **changes)))
