"""A cynthus.yaml that was read, and all that is wrong with it: in the text itself, and in what it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field

from cynthus.core.misfit import Misfit
from cynthus.core.nodes import Mapping, Mark, Node, Path, locate
from cynthus.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.core.report import Report
    from cynthus.core.spec import AppSpec, DataEntry
    from cynthus.core.values import Value

T = TypeVar("T")


class Reading(Struct):
    """What a file asks for, and the report of its problems. Keys in `broken` have their defaults in `spec`."""

    spec: AppSpec
    values: dict[str, Value]
    root: Node
    report: Report
    broken: frozenset[str] = frozenset()
    elsewhere: list[UsageError] = field(default_factory=list)
    """Problems with what the file does not mention."""

    def says(self, key: str) -> bool:
        """Whether the file has a value for that key."""
        return self.values.get(key) is not None

    def data(self) -> list[tuple[int, DataEntry]]:
        """Each entry under `data:` that makes sense by itself, with its position."""
        from cynthus.core.building import build
        from cynthus.core.spec import DataEntry

        listed = self.values.get("data")
        built = [build(DataEntry, value)[0] for value in (listed if isinstance(listed, list) else ())]
        return [(index, entry) for index, entry in enumerate(built) if entry is not None]

    def take(self, check: Callable[[], T], *places: Path) -> T | None:
        """What the check gives; where it refuses, its error is noted at the first of `places` that the file has."""
        try:
            return check()
        except UsageError as error:
            place = next((place for place in places if self.says(str(place[0]))), None)
            if place is None:
                self.elsewhere.append(error)
            else:
                self.report.add(locate(self.root, place)[0], Misfit(error.message, hint=error.hint, kind=type(error)))
            return None

    def close(self) -> None:
        """Go on only if nothing is wrong.

        Raises:
            SpecError: something is that the file says; with it all other problems.
            UsageError: something is that it does not say.
        """
        if not self.report.marks() and self.elsewhere:
            raise _together(self.elsewhere)
        for error in self.elsewhere:
            self.report.add(Mark(0, 0), Misfit(error.message, hint=error.hint, kind=type(error)))
        self.report.close()


def nothing() -> Node:
    """What an empty file, or none, says."""
    return Mapping(Mark())


def _together(errors: list[UsageError]) -> UsageError:
    first, *others = errors
    if not others:
        return first
    also = [f"also [{error.code}]: {error.message}; {error.hint}" for error in others]
    return type(first)(first.message, hint=first.hint, details=[*first.details, *also])
