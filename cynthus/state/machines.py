"""Which machines a deployment had since it was last brought up from nothing: a file in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.bill import Machine  # noqa: TC001 - the type is looked at when a record is read
from cynthus.core.clock import parse_stamp
from cynthus.errors import CynthusError
from cynthus.state.record import load, save
from cynthus.writing import writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST = 100
"""Rows. Of more machines, the oldest that have ended are one sum."""


class Machines(Struct, frozen=True):
    """The rows, oldest first, and how many machines had one before, and what they have cost."""

    rows: tuple[Machine, ...] = ()
    earlier: int = 0
    earlier_cost: float = 0.0

    @property
    def keys(self) -> frozenset[str]:
        """Of which machines there are rows."""
        return frozenset(each.key for each in self.rows)

    def with_rows(self, rows: Sequence[Machine]) -> Machines:
        """The same with these rows in the place of those of the same machines, and after all others."""
        known = {each.key: each for each in (*self.rows, *rows)}
        return replace(self, rows=tuple(known.values())).bounded()

    def bounded(self) -> Machines:
        """The same with no more rows than there is room for."""
        going = [each for each in self.rows if each.ended][: max(len(self.rows) - MOST, 0)]
        cost = sum(each.cost(each.ended or "") or 0.0 for each in going)
        rows = tuple(each for each in self.rows if each not in going)
        return Machines(rows, self.earlier + len(going), self.earlier_cost + cost)


class MachineBook:
    """The file. It is a help, so nothing of it ever fails; a lost row is written anew while its machine stands."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Machines:
        try:
            found = load(self._path, Machines) or Machines()
            for time in (time for row in found.rows for time in (row.began, row.ended, row.expires_at) if time):
                parse_stamp(time)
        except (CynthusError, ValueError):
            return Machines()
        return found

    def write(self, machines: Machines) -> None:
        """Remember them, where there is a place for that."""
        try:
            with writing(self._path.parent):
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            save(self._path, machines)
        except CynthusError:
            return
