"""What `catalog update` shows to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.amounts import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cynthus.core.renewal import Renewal

_MOST = 8
"""So many of a list are named; `--json` has all."""


def lines(renewal: Renewal) -> Iterator[str]:
    """What has changed."""
    moves = renewal.prices
    yield f"{renewal.place}: prices of {renewal.as_of}, before of {renewal.before}"
    yield (
        f"prices: {moves.up} up, {moves.down} down, {moves.same} the same, {moves.first} known for the first time, "
        f"{moves.gone} gone"
    )
    for what, names in (
        ("new machines", renewal.new), ("machines that are gone", renewal.gone),
        ("machines that changed", renewal.other), ("to be had now", renewal.arrived),
        ("no longer to be had", renewal.left), ("thrown out", renewal.thrown_out),
    ):  # fmt: skip
        if names:
            yield f"{what}: {_some(names)}"


def notes(renewal: Renewal) -> Iterator[str]:
    """What was not told, and where the table is."""
    yield from renewal.notes
    for line in renewal.kept:
        yield f"left as it was: {line}"
    if renewal.unknown:
        yield f"no price is told of {counted(len(renewal.unknown), 'machine')}: {_some(renewal.unknown)}"
    if renewal.strange:
        yield f"not taken in, for Cynthus chooses none such: {_series(renewal.strange)}"
    if renewal.written:
        yield f"written to {renewal.file}; `cynthus gpus` shows it"
    else:
        yield "nothing was written"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _series(types: Sequence[str]) -> str:
    """Types by the hundred, as their series."""
    found = sorted({each.partition("-")[0] for each in types})
    return f"{counted(len(types), 'type')} of {', '.join(found)}"
