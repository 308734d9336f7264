"""`pull --plots`: a page with the metrics and images among the outputs that are at home."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.amounts import counted
from cynthus.errors import NothingToPull
from cynthus.files import write_atomic
from cynthus.operations.fetch import text_of
from cynthus.operations.site import locate, newest_run
from cynthus.writing import writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.core.progress import Step
    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.plots.collection import Collection
    from cynthus.plots.metrics import Table
    from cynthus.plots.page import Heading
    from cynthus.plots.series import Series


class Plotted(Struct, frozen=True):
    """The page, and what is on it: the series of each file by its path, and the images; `folder` holds them, and
    `total` files in all. `events` are folders with files of TensorBoard."""

    run: Run
    page: Path
    folder: Path
    total: int
    series: tuple[tuple[str, Sequence[Series]], ...]
    images: tuple[Path, ...]
    events: tuple[str, ...]


def plot(tools: Tools, where: str | None, *, target: str | None = None, run_id: str | None = None) -> Plotted:
    """Write the page of a run (the newest where none is named) from what is at home; no host is asked.

    Raises:
        NothingToPull: there is no run, or nothing of it is at home.
        UnknownRun: there is none of that id.
        FolderNotWritable, DiskFull: the page cannot be written.
    """
    from cynthus.plots.collection import collect
    from cynthus.plots.page import page

    site = locate(tools, where, target=target)
    run = site.runs.load(run_id) if run_id else newest_run(site)
    folder = site.folder / "outputs" / run.id if run else None
    if run is None or folder is None or not folder.is_dir():
        said = f"nothing of run {run.id} is at home" if run else f"{site.name} has no run yet"
        raise NothingToPull(said, hint="`cynthus pull` brings home what there is")
    at = site.paths.plots(run.id)
    with tools.progress.step("Draw") as step:
        found = collect(folder)
        tables = list(zip(found.metrics, _read(found, step), strict=True))
        text = page(_heading(site, run), found, tables, at, str(folder.relative_to(site.folder)))
        with writing(at):
            at.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(at, text.encode(errors="backslashreplace"), durable=False)
        shown = tuple((path, table.shown) for path, table in tables if table and table.shown)
        charts = sum(len(series) for _, series in shown)
        step.result(f"{counted(charts, 'metric')} and {counted(len(found.images), 'image')}")
    total = sum(1 for path in folder.rglob("*") if not path.is_dir())
    images = tuple(folder / path for path in found.images)
    return Plotted(run, at, folder, total, shown, images, found.events)


def _read(found: Collection, step: Step) -> list[Table | None]:
    from cynthus.plots.metrics import read

    sizes = [_size(found.folder / path) for path in found.metrics]
    tables: list[Table | None] = []
    for place, path in enumerate(found.metrics):
        step.activity(text_of(path))
        tell = partial(_tell, step, sum(sizes[:place]), sum(sizes))
        try:
            tables.append(read(found.folder / path, tell))
        except OSError:
            # One that cannot be read is said to be so on the page, and keeps nobody from the others.
            tables.append(None)
    return tables


def _tell(step: Step, before: int, whole: int, done: int) -> None:
    step.amount(before + done, whole)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _heading(site: Site, run: Run) -> Heading:
    from cynthus.plots.page import Heading

    rows = {"state": str(run.state), "started": run.started_at or "", "ended": run.ended_at or "",
            "arguments": " ".join(run.arguments), "folder": str(site.folder)}  # fmt: skip
    return Heading(f"{site.name} · {run.id}", tuple((name, value) for name, value in rows.items() if value))
