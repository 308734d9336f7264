"""What `gc` shows to people."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cynthus.core.leftover import Leftover
    from cynthus.operations.gc import Swept

_WIDTHS = (7, 16, 46, 24)
"""Of columns whose longest entry nobody knows before all are there: names of 23 characters and what is put to them."""
_HEAD = ("", "KIND", "NAME", "PLACE", "WHY")


def lines(found: Iterable[Leftover]) -> Iterator[str]:
    """A table, line by line; nothing where nothing was found."""
    each = iter(found)
    first = next(each, None)
    if first is None:
        return
    yield _line(_HEAD)
    for leftover in chain((first,), each):
        yield _line(
            ("remove" if leftover.goes else "stays", leftover.kind, leftover.name, leftover.place, leftover.why)
        )


def _line(cells: tuple[str, ...]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)]
    return " ".join((*padded, *cells[len(_WIDTHS) :])).rstrip()


def ending(swept: Swept, *, dry_run: bool) -> str:
    """The last line."""
    from cynthus.operations.gc import described

    where = f" in {swept.place}" if swept.place else ""
    stays = f"; {swept.staying} stay" + "s" * (swept.staying == 1) if swept.staying else ""
    if not swept.count:
        return f"nothing is left over{where} that is to be removed{stays}"
    if dry_run:
        return f"`cynthus gc` would remove {described(swept.going)}{where}{stays}; nothing was removed"
    return f"{swept.removed} of {swept.count} removed{where}{stays}"
