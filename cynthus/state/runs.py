"""The runs of one deployment: a folder for each, named by its id, with its record in run.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.names import is_run_id
from cynthus.core.run import Run
from cynthus.core.suggest import did_you_mean
from cynthus.errors import UnknownRun
from cynthus.state.record import load, save
from cynthus.writing import reading, writing

if TYPE_CHECKING:
    from pathlib import Path


class Runs:
    """The runs below one folder. Ids begin with the time, so their order is that of time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, run: Run) -> None:
        """Write the run's record.

        Raises:
            FolderNotWritable, DiskFull: it cannot be written; what was there before still is.
        """
        with writing(self._folder / run.id):
            (self._folder / run.id).mkdir(parents=True, exist_ok=True)
        save(self._path(run.id), run)

    def load(self, id: str) -> Run:  # noqa: A002 - what the design calls it
        """The run of that id.

        Raises:
            UnknownRun: there is none.
            StateCorrupt, StateTooNew: its record cannot be read.
        """
        run = load(self._path(id), Run) if is_run_id(id) else None
        if run is None:
            known = self.ids()
            newest = f"the newest is {known[-1]}" if known else "the deployment has no run yet"
            raise UnknownRun(f"there is no run {id!r}", hint=did_you_mean(id, known) or newest)
        return run

    def all(self) -> tuple[Run, ...]:
        """Every run, the newest last.

        Raises:
            StateCorrupt, StateTooNew: a record cannot be read.
        """
        return tuple(self.load(id) for id in self.ids())  # noqa: A001

    def newest(self) -> Run | None:
        """The newest run; reads no record but its own.

        Raises:
            StateCorrupt, StateTooNew: that record cannot be read.
        """
        ids = self.ids()
        return self.load(ids[-1]) if ids else None

    def ids(self) -> list[str]:
        """Oldest first. A folder without a record is none of them: its run was cut off before it was known."""
        with reading(self._folder):
            if not self._folder.is_dir():
                return []
            names = [folder.name for folder in self._folder.iterdir()]
            return sorted(name for name in names if is_run_id(name) and self._path(name).exists())

    def _path(self, id: str) -> Path:  # noqa: A002
        return self._folder / id / "run.json"
