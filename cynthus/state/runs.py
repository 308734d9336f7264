"""The runs of one deployment: a folder for each, named by its id, with its record in run.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.clock import parse_stamp
from cynthus.core.names import is_run_id
from cynthus.core.run import Run
from cynthus.core.suggest import did_you_mean
from cynthus.errors import FolderNotWritable, StateCorrupt, UnknownRun
from cynthus.state.aside import MARK, set_aside
from cynthus.state.record import load, save
from cynthus.writing import reading, writing

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


_HINT = "the next command that changes something, such as `cynthus pull`, makes it again from what its host knows"


class Runs:
    """The runs below one folder. Ids begin with the time, so their order is that of time.

    A record that cannot be read hides no other. Its run is told by `lost`: what lies on its host knows more of it.
    """

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
        run = self._read(id) if is_run_id(id) else None
        if run is None:
            known = self.ids()
            newest = f"the newest is {known[-1]}" if known else "the deployment has no run yet"
            raise UnknownRun(f"there is no run {id!r}", hint=did_you_mean(id, known) or newest)
        return run

    def get(self, id: str) -> Run | None:  # noqa: A002
        """The run of that id; None where there is none, or its record is damaged.

        Raises:
            StateTooNew: a newer Cynthus wrote its record.
        """
        try:
            return self._read(id) if is_run_id(id) else None
        except StateCorrupt:
            return None

    def all(self) -> tuple[Run, ...]:
        """Every run whose record can be read, the newest last.

        Raises:
            StateTooNew: a newer Cynthus wrote a record.
        """
        found = (self.get(id) for id in self.ids())  # noqa: A001
        return tuple(run for run in found if run is not None)

    def newest(self) -> Run | None:
        """The newest run whose record can be read; reads no older one.

        Raises:
            StateTooNew: a newer Cynthus wrote that record.
        """
        found = (self.get(id) for id in reversed(self.ids()))  # noqa: A001
        return next((run for run in found if run is not None), None)

    def damaged(self) -> dict[str, StateCorrupt]:
        """What is wrong with each record that cannot be read, by the run's id, oldest first."""
        problems = {}
        for id in self.ids():  # noqa: A001
            try:
                self._read(id)
            except StateCorrupt as problem:
                problems[id] = problem
        return problems

    def lost(self) -> list[str]:
        """The runs whose record is damaged, or was set aside and nothing put in its place; oldest first."""
        bare = [id for id in self._folders() if not self._recorded(id) and self._set_aside_before(id)]  # noqa: A001
        return sorted([*bare, *self.damaged()])

    def set_aside(self, id: str, now: datetime) -> Path:  # noqa: A002
        """Rename a damaged record, and give its new path.

        Raises:
            FolderNotWritable: it cannot be renamed.
        """
        try:
            return set_aside(self._path(id), now)
        except FolderNotWritable:
            # The run's folder itself may be closed; that goes then, with the log that is in it.
            return set_aside(self._folder / id, now)

    def ids(self) -> list[str]:
        """Oldest first. A folder without a record is none of them: its run was cut off before it was known."""
        return [id for id in self._folders() if self._recorded(id)]  # noqa: A001

    def _folders(self) -> list[str]:
        with reading(self._folder):
            if not self._folder.is_dir():
                return []
            return sorted(folder.name for folder in self._folder.iterdir() if is_run_id(folder.name))

    def _recorded(self, id: str) -> bool:  # noqa: A002
        """Whether a record is there; of a folder that nobody may look into it is assumed."""
        try:
            self._path(id).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def _set_aside_before(self, id: str) -> bool:  # noqa: A002
        return any((self._folder / id).glob(f"{self._path(id).name}{MARK}*"))

    def _read(self, id: str) -> Run | None:  # noqa: A002
        try:
            run = load(self._path(id), Run)
        except StateCorrupt as problem:
            raise StateCorrupt(problem.message, hint=_HINT) from problem
        if run is not None and (wrong := _wrong(run, id)):
            raise StateCorrupt(f"cannot read {self._path(id)}: {wrong}", hint=_HINT)
        return run

    def _path(self, id: str) -> Path:  # noqa: A002
        return self._folder / id / "run.json"


def _wrong(run: Run, id: str) -> str:  # noqa: A002
    """Why a record cannot be that of the run; '' where it can."""
    if run.id != id:
        return f"it is the record of {run.id}"
    for name in ("created_at", "started_at", "ended_at"):
        said = getattr(run, name)
        try:
            parse_stamp(said or run.created_at)
        except ValueError:
            return f"{name} is no time"
    return ""
