"""Numbers among the outputs: tables (.csv, .tsv), lines of JSON (.jsonl) and metrics.json, whatever else is in them."""

from __future__ import annotations

import csv
import json
import math
from typing import IO, TYPE_CHECKING

from cynthus.plots.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

AXES = ("step", "steps", "global_step", "iteration", "iter", "batch", "epoch", "epochs", "elapsed", "seconds", "time",
        "timestamp", "wall_time")  # fmt: skip
"""What x may be called, in order of preference."""
ROW = "row"
"""What it is called where there is none of these."""
WIDEST = 40
"""How many series of one file are shown."""
LONGEST = 1 << 20
"""Bytes of a line. What is longer is no line of metrics."""
LARGEST = 16 << 20
"""Bytes of a metrics.json, which has to be read in one."""
_DEEPEST = 3


class Table:
    """The series of one file, as they were read. `broken` counts the lines that made no sense, `others` the series
    that are too many to be shown."""

    def __init__(self) -> None:
        self.series: dict[str, Series] = {}
        self.broken = 0
        self.others: set[str] = set()
        self._axis: str | None = None
        self._rows = 0

    def add(self, record: Mapping[str, float]) -> None:
        """Add a row: its numbers by name."""
        if self._axis is None:
            if len(record) == 1 and _axis_of(record) != ROW:
                return  # an x without a y tells nothing yet
            self._axis = _axis_of(record)
        self._rows += 1
        x = record.get(self._axis, math.nan) if self._axis != ROW else float(self._rows)
        for name, y in record.items():
            if name != self._axis:
                self._add_one(name, x, y)

    def _add_one(self, name: str, x: float, y: float) -> None:
        series = self.series.get(name)
        if series is None:
            if len(self.series) >= WIDEST:
                if len(self.others) < 1000:
                    self.others.add(name)
                return
            series = self.series[name] = Series(name, self._axis or ROW)
        series.add(x, y)

    @property
    def shown(self) -> list[Series]:
        """Those that have a number."""
        return [each for each in self.series.values() if each.count]


def holds_metrics(name: str) -> bool:
    """Whether a file of that name may hold metrics as we know them."""
    return _reader(name) is not None


def read(path: Path, tell: Callable[[int], None]) -> Table:
    """The metrics of a file of such a name. `tell` hears how many bytes were read.

    Raises:
        OSError: it cannot be read.
    """
    reader = _reader(path.name)
    return reader(path, tell) if reader is not None else Table()


def _reader(name: str) -> Callable[[Path, Callable[[int], None]], Table] | None:
    lower = name.lower()
    if lower.endswith((".csv", ".tsv")):
        return _read_table
    if lower.endswith((".jsonl", ".ndjson")):
        return _read_lines
    return _read_document if lower.endswith("metrics.json") else None


def _read_table(path: Path, tell: Callable[[int], None]) -> Table:
    """A file with columns."""
    table, names, texts = Table(), list[str](), dict[str, int]()
    with open(path, "rb") as stream:
        lines = _lines(stream, tell, table)
        first = next(lines, "")
        rows = csv.reader(_again(first, lines), delimiter=_delimiter(first))
        for row in _rows(rows, table):
            if not names:
                numbers = [_number(cell) is not None for cell in row]
                names = _named(row) if not all(numbers) else [f"column {place}" for place in range(1, len(row) + 1)]
                if not all(numbers):
                    continue
            _add_row(table, names, row, texts)
    # A column of names and dates with a few numbers in between is none.
    for name, count in texts.items():
        if name in table.series and count > table.series[name].count:
            del table.series[name]
    return table


def _add_row(table: Table, names: list[str], row: list[str], texts: dict[str, int]) -> None:
    if len(row) > len(names):
        table.broken += 1
        return
    record = {}
    for name, cell in zip(names, row, strict=False):
        number = _number(cell)
        if number is not None:
            record[name] = number
        elif cell.strip():
            texts[name] = texts.get(name, 0) + 1
    if record:
        table.add(record)


def _read_lines(path: Path, tell: Callable[[int], None]) -> Table:
    """A file with a JSON object in each line."""
    table = Table()
    with open(path, "rb") as stream:
        for line in _lines(stream, tell, table):
            if line.strip():
                _add_object(table, _parsed(line))
    return table


def _read_document(path: Path, tell: Callable[[int], None]) -> Table:
    """A JSON document: a list of objects, or an object of lists or numbers."""
    table = Table()
    with open(path, "rb") as stream:
        data = stream.read(LARGEST + 1)
    tell(len(data))
    document = _parsed(data.decode("utf-8-sig", "replace")) if len(data) <= LARGEST else None
    if isinstance(document, dict):
        _add_all(table, _as_records(document))
    elif isinstance(document, list):
        _add_all(table, document)
    else:
        table.broken += 1
    return table


def _add_all(table: Table, records: Iterable[object]) -> None:
    for each in records:
        # A list of plain numbers is a series too.
        _add_object(table, each if isinstance(each, dict) else {"value": each})


def _as_records(document: dict[str, object]) -> Iterable[object]:
    """A row for each place in its lists; a document of numbers alone is one row."""
    lists = {name: value for name, value in _flat(document) if isinstance(value, list)}
    if not lists:
        return [document]
    length = max(map(len, lists.values()))
    # One at a time: all of them would take many times the room of the lists.
    return ({name: value[at] for name, value in lists.items() if at < len(value)} for at in range(length))


def _add_object(table: Table, document: object) -> None:
    if not isinstance(document, dict):
        table.broken += 1
        return
    found = ((name, _number(value)) for name, value in _flat(document) if not isinstance(value, str | bool))
    record = {name: value for name, value in found if value is not None}
    if record:
        table.add(record)


def _flat(document: Mapping[str, object], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, object]]:
    """Names and values; what lies deeper is called `outer.inner`."""
    for name, value in document.items():
        if isinstance(value, dict):
            if depth < _DEEPEST:
                yield from _flat(value, f"{prefix}{name}.", depth + 1)
        else:
            yield prefix + name, value


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _number(value: object) -> float | None:
    if not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except ValueError:
        return None


def _axis_of(record: Mapping[str, float]) -> str:
    """What x is, by the names in a row."""
    by_word = {name.lower().replace(" ", "_").rpartition("/")[2]: name for name in record}
    return next((by_word[word] for word in AXES if word in by_word), ROW)


def _lines(stream: IO[bytes], tell: Callable[[int], None], table: Table) -> Iterator[str]:
    done, told, whole = 0, 0, True
    while line := stream.readline(LONGEST):
        done += len(line)
        if done - told >= LONGEST:
            told = done
            tell(done)
        ends = line.endswith(b"\n")
        if whole and (ends or len(line) < LONGEST):
            yield line.decode("utf-8-sig" if done == len(line) else "utf-8", "replace")
        elif whole:
            table.broken += 1
        whole = ends
    tell(done)


def _again(first: str, rest: Iterable[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _delimiter(line: str) -> str:
    return max(",\t;", key=line.count)


def _rows(rows: Iterator[list[str]], table: Table) -> Iterator[list[str]]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            table.broken += 1
            continue
        if row:
            yield row


def _named(row: list[str]) -> list[str]:
    """The names of the columns; each once, and none empty."""
    # In order, and looked up fast: tables of genes have tens of thousands of columns.
    names: dict[str, None] = {}
    for place, cell in enumerate(row, 1):
        name = cell.strip() or f"column {place}"
        names[name if name not in names else f"{name} ({place})"] = None
    return list(names)
