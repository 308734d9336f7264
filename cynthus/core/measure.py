"""A value that knows the word it was written as."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Measure(Struct, frozen=True, eq=False):
    """Two are equal that mean the same, whatever `word` each was written as."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._meaning() == other._meaning()

    def __hash__(self) -> int:
        return hash(self._meaning())

    def _meaning(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name != "word")
