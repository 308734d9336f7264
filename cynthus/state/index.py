"""The index of this user's deployments: a JSON file for each, so that they are found from anywhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from cynthus.core.deployment import Host  # noqa: TC001 - the type is looked at when a record is read
from cynthus.core.names import is_deployment_id
from cynthus.core.run import Run  # noqa: TC001 - likewise
from cynthus.core.suggest import did_you_mean
from cynthus.errors import CynthusError, StateCorrupt, UnknownDeployment, UsageError
from cynthus.state.aside import set_aside
from cynthus.state.record import load, save
from cynthus.writing import reading, writing

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

Phase = Literal["prepared", "up", "gone", "down"]
"""`gone`: the cloud has removed the hosts; Terraform's state may still list them."""

_HINT = "`cynthus up` or `cynthus down` in the folder of that deployment goes on without the record"


class Entry(Struct, frozen=True):
    """One deployment. `folder` is the user's, `home` where it lies on its hosts; times are UTC, RFC 3339."""

    id: str
    name: str
    target: str
    folder: str
    runtime: Literal["venv", "container"]
    home: str
    created_at: str
    phase: Phase
    hosts: tuple[Host, ...]
    last_run: Run | None
    updated_at: str
    per_hour: float | None = None
    """What the hosts cost, in US dollars an hour, as it was offered; None where that is not known."""
    at_most: float | None = None
    """What they can cost until the cloud removes them; None where that is not known, or nobody does."""
    made_at: str | None = None
    """Since when they cost; None where none was made."""
    left: tuple[Host, ...] = ()
    """Machines that were hosts of it and are none any more. What was brought there may still be there."""
    expires_at: str | None = None
    """When the cloud itself removes the hosts; None where nobody does."""
    lifetime: int | None = None
    """Seconds for which all machines of a run together may stand, as it was when these were made; None likewise."""
    no_deadline: bool = False
    """Whether somebody typed that nobody is to remove them."""
    went: tuple[Host, ...] = ()
    """Its hosts that were made and are gone by themselves, those that went last."""
    owed: bool = False
    """Whether hosts that are gone have saved something that the next ones are to get."""
    awaited: bool = False
    """Whether hosts that were made have let nobody in so far: nothing of ours is on them."""
    readied: bool = False
    """Whether hosts that were made have been made ready since."""


class Index:
    """The entries in one folder. Reading needs no lock; each entry is written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, entry: Entry) -> None:
        """Add the entry, or replace the one of its id.

        Raises:
            FolderNotWritable, DiskFull: it cannot be written; what was there before still is.
        """
        with writing(self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        save(self._path(entry.id), entry)

    def get(self, id: str) -> Entry | None:  # noqa: A002 - what the design calls it
        """The entry of that id.

        Raises:
            StateCorrupt, StateTooNew: it is there and cannot be read.
        """
        # The id may come from a file that a user edited: it must not lead to another folder.
        if not is_deployment_id(id):
            return None
        try:
            entry = load(self._path(id), Entry)
        except StateCorrupt as problem:
            raise StateCorrupt(problem.message, hint=_HINT) from problem
        if entry is not None and entry.id != id:
            raise StateCorrupt(f"cannot read {self._path(id)}: it is the record of {entry.id}", hint=_HINT)
        return entry

    def known(self, id: str) -> Entry | None:  # noqa: A002
        """The same, but None also where the entry is damaged: a folder tells much of what it said.

        Raises:
            StateTooNew: a newer Cynthus wrote it.
        """
        try:
            return self.get(id)
        except StateCorrupt:
            return None

    def damage(self, id: str) -> StateCorrupt | None:  # noqa: A002
        """What is wrong with the entry of that id, if it cannot be read."""
        try:
            self.get(id)
        except StateCorrupt as problem:
            return problem
        return None

    def set_aside(self, id: str, now: datetime) -> Path:  # noqa: A002
        """Rename a damaged entry, and give its new path.

        Raises:
            FolderNotWritable: it cannot be renamed.
        """
        return set_aside(self._path(id), now)

    def all(self) -> tuple[tuple[Entry, ...], tuple[CynthusError, ...]]:
        """Every entry that can be read, oldest first, and a problem for each that cannot."""
        entries: list[Entry] = []
        problems: list[CynthusError] = []
        for id in self._ids():  # noqa: A001
            try:
                entry = self.get(id)
            except CynthusError as problem:
                problems.append(problem)
                continue
            # None: another process removed it since its name was read.
            entries += [entry] if entry else []
        return tuple(sorted(entries, key=lambda entry: (entry.created_at, entry.id))), tuple(problems)

    def claims(self, id: str) -> bool:  # noqa: A002
        """Whether there is, or was, a record of that id, also one that cannot be read or was set aside for that.

        Raises:
            StateCorrupt: nobody can tell.
        """
        with reading(self._folder):
            if not self._folder.is_dir():
                return False
            return any(path.name.startswith(f"{id}.") for path in self._folder.iterdir())

    def remove(self, id: str) -> None:  # noqa: A002
        """Forget the deployment; one that is not there is fine.

        Raises:
            FolderNotWritable: it cannot be removed.
        """
        if is_deployment_id(id):
            with writing(self._path(id)):
                self._path(id).unlink(missing_ok=True)

    def find(self, word: str) -> Entry:
        """The deployment that a user means by `word`: its id, or its name where only one has it.

        Raises:
            UnknownDeployment: none.
            UsageError: several have that name.
            StateCorrupt, StateTooNew: it has that id and cannot be read.
        """
        entry = self.get(word)
        if entry is not None:
            return entry
        entries, problems = self.all()
        found = [entry for entry in entries if entry.name == word]
        if not found:
            raise _unknown(word, entries, problems)
        if len(found) > 1:
            ids = ", ".join(f"{entry.id} ({entry.folder})" for entry in found)
            raise UsageError(f"several deployments are called {word!r}: {ids}", hint="name one of them by its id")
        return found[0]

    def by_folder(self, folder: Path) -> tuple[Entry, ...]:
        """The deployments of a folder, oldest first; it may be named by another path than it was then."""
        real = os.path.realpath(folder)
        return tuple(entry for entry in self.all()[0] if os.path.realpath(entry.folder) == real)

    def _ids(self) -> list[str]:
        with reading(self._folder):
            if not self._folder.is_dir():
                return []
            found = [path.stem for path in self._folder.iterdir() if path.suffix == ".json"]
        return sorted(id for id in found if is_deployment_id(id))  # noqa: A001

    def _path(self, id: str) -> Path:  # noqa: A002
        return self._folder / f"{id}.json"


def _unknown(word: str, entries: tuple[Entry, ...], problems: tuple[CynthusError, ...]) -> UnknownDeployment:
    known = [name for entry in entries for name in (entry.name, entry.id)]
    hint = did_you_mean(word, known) or "`cynthus status` lists the deployments there are"
    return UnknownDeployment(
        f"there is no deployment {word!r}", hint=hint, details=[problem.message for problem in problems]
    )
