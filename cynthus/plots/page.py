"""The page: metrics as charts with their numbers, and the images, in one file that needs nothing else."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from cynthus.core.amounts import counted, size
from cynthus.plots import chart as drawing
from cynthus.plots.chart import Chart, draw, exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.plots.collection import Collection
    from cynthus.plots.metrics import Table

SMALL = 1 << 20
"""Bytes of an image up to which it is part of the page; a larger one is shown from where it lies."""
ROOM = 16 << 20
"""Bytes of all images that are part of it."""
PICTURES = 200
CHARTS = 200
"""How many are shown at most: a page must open in a moment."""
_TYPES = {".jpg": "jpeg", ".svg": "svg+xml"}


class Heading(Struct, frozen=True):
    """What the page is about. `rows` are names and values."""

    title: str
    rows: tuple[tuple[str, str], ...]


class Sheet(Struct, frozen=True):
    """One file of metrics: its charts, what has one value only, and remarks."""

    path: str
    charts: tuple[Chart, ...]
    values: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]


class Picture(Struct, frozen=True):
    """One image: `source` is the image itself, or where it lies, as `link` is."""

    path: str
    source: str
    link: str
    size: str


def page(
    heading: Heading, collection: Collection, tables: Sequence[tuple[str, Table | None]], at: Path, shown: str
) -> str:
    """The text of the page that will lie at `at`. `tables` are the metrics by path, None where one cannot be read;
    `shown` is how to call the folder of the outputs in a command."""
    # An environment of its own: the one that renders files is for HCL, and escapes nothing.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    sheets = _sheets(tables)
    images = collection.images[:PICTURES]
    return environment.get_template("page.html").render(
        heading=heading, sheets=sheets, pictures=_pictures(collection.folder, images, at.parent), box=drawing,
        more_pictures=len(collection.images) - len(images), events=[text(path) for path in collection.events],
        shown=shown,
    )  # fmt: skip


def text(path: str) -> str:
    """A path as it can be shown, whatever bytes it is made of."""
    plain = os.fsencode(path).decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in plain)


def _sheets(tables: Sequence[tuple[str, Table | None]]) -> list[Sheet]:
    sheets, left = list[Sheet](), CHARTS
    for path, table in tables:
        if table is None:
            sheets.append(Sheet(text(path), (), (), ("it cannot be read",)))
            continue
        lines = [each for each in table.shown if each.count > 1]
        values = tuple((text(each.name), exact(each.last)) for each in table.shown if each.count == 1)
        charts = tuple(draw(each) for each in lines[:left])
        remarks = _remarks(table, len(lines) - len(charts))
        left -= len(charts)
        if charts or values or remarks:
            sheets.append(Sheet(text(path), charts, values, remarks))
    return sheets


def _remarks(table: Table, left_out: int) -> tuple[str, ...]:
    hidden = left_out + len(table.others)
    found = []
    if table.broken:
        found.append(f"left out: {counted(table.broken, 'line')} without sense")
    if hidden:
        found.append(f"not shown: {hidden} more series")
    return tuple(found)


def _pictures(folder: Path, images: Sequence[str], page_folder: Path) -> list[Picture]:
    pictures, room = [], ROOM
    # Also where one of the folders is a link: the browser knows only the names.
    up = os.path.relpath(folder, page_folder)
    for path in images:
        link = quote(os.fsencode(f"{up}/{path}"))
        try:
            amount = (folder / path).stat().st_size
            inside = amount <= min(SMALL, room)
            source = _embedded(folder / path) if inside else link
        except OSError:
            continue
        room -= amount if inside else 0
        pictures.append(Picture(text(path), source, link, size(amount)))
    return pictures


def _embedded(path: Path) -> str:
    suffix = path.suffix.lower()
    kind = _TYPES.get(suffix, suffix[1:])
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
