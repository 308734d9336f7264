"""The lines of a journal, and which intents among them have no end."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, get_args

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Event = Literal["intent", "done", "failed"]
Detail = str | int | float | bool | None

_OWN = ("at", "pid", "operation", "step", "event")


class Record(Struct, frozen=True):
    """One line: when (UTC, RFC 3339), by which process and operation, and what became of which step."""

    at: str
    pid: int
    operation: str
    step: str
    event: Event
    details: Mapping[str, Detail] = field(default_factory=dict)

    def line(self) -> bytes:
        own = {name: getattr(self, name) for name in _OWN}
        return json.dumps({**self.details, **own}).encode() + b"\n"


def parse(data: bytes) -> Iterator[Record]:
    """The records in the whole lines. A line that cannot be read says nothing; the others still count."""
    for line in data.split(b"\n")[:-1]:
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            yield _record(json.loads(line))


def unfinished(records: Iterable[Record]) -> list[Record]:
    """The intents without an end, oldest first."""
    opened: list[Record] = []
    for record in records:
        if record.event == "intent":
            opened.append(record)
        else:
            _close(opened, record)
    return opened


def worth_keeping(records: Sequence[Record], newest: int) -> list[Record]:
    """The open intents and the `newest` lines, but for ends whose intent is not kept: they would end another one."""
    tail = records[-newest:]
    old = [record for record in unfinished(records) if not any(record is one for one in tail)]
    kept, opened = old, list[Record]()
    for record in tail:
        if record.event == "intent":
            opened.append(record)
        elif not _close(opened, record):
            continue
        kept.append(record)
    return kept


def _record(value: dict[str, object]) -> Record:
    at, pid, operation, step, event = (value[name] for name in _OWN)
    texts = isinstance(at, str) and isinstance(operation, str) and isinstance(step, str)
    if not texts or not isinstance(pid, int) or event not in get_args(Event):
        raise ValueError("no record of ours")
    details = {name: detail for name, detail in value.items() if name not in _OWN}
    return Record(at, pid, operation, step, event, details)  # type: ignore[arg-type]  # checked above, all at once


def _close(opened: list[Record], end: Record) -> bool:
    """Take the newest open intent of that step out. Another process may write the end of what was cut off."""
    for index in reversed(range(len(opened))):
        if opened[index].step == end.step:
            del opened[index]
            return True
    return False
