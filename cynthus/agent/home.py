"""Where a deployment lies on its host."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.attempt import Attempt
from cynthus.agent.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.wanted import Wanted

ENVIRONMENT_MARKER = "cynthus-environment.json"
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class RunFolder(NamedTuple):
    """The folder of one run."""

    folder: Path
    deployment: str

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def app(self) -> Path:
        return self.folder / "app"

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs"

    @property
    def spec(self) -> Path:
        return self.folder / "spec.json"

    @property
    def program(self) -> Path:
        """The agent's own, of the deployment."""
        return self.folder.parent.parent / "agent.pyz"

    @property
    def version(self) -> Path:
        """What `source` found for the run: environment, source and data."""
        return self.folder / "version.json"

    @property
    def listing(self) -> Path:
        """The files that the source brought, with their sizes and times."""
        return self.folder / "source.json"

    @property
    def sent(self) -> Path:
        """Which outputs are in its bucket."""
        return self.folder / "sent.jsonl"

    @property
    def restored(self) -> Path:
        """What the machine before had saved and is here now; none where nobody asked for it."""
        return self.folder / "restored.json"

    @property
    def prepared(self) -> Path:
        """Which prepared data it reads; none where there is no `preprocess:`."""
        return self.folder / "prepared.json"

    @property
    def pruned(self) -> Path:
        """Says that outputs and app were deleted, once they were at home."""
        return self.folder / "pruned.json"

    @property
    def stop(self) -> Path:
        return self.folder / "stop"

    def attempt(self, number: int, rank: int = 0) -> Attempt:
        return Attempt(self.folder / "attempts" / str(number) / str(rank), self.deployment, self.id, number, rank)

    def attempts(self) -> list[Attempt]:
        """All that were ever begun, in order."""
        found = (self.folder / "attempts").glob("*/*")
        pairs = sorted((int(each.parent.name), int(each.name)) for each in found if _counted(each))
        return [self.attempt(number, rank) for number, rank in pairs]


class EnvironmentFolder(NamedTuple):
    """The folder of one Python environment."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    @property
    def marker(self) -> Path:
        """Says that the environment is complete, and by its time when it was wanted last."""
        return self.folder / ENVIRONMENT_MARKER

    @property
    def complete(self) -> bool:
        # The interpreter is a link to one of the machine's, which an upgrade may have taken away.
        return self.marker.exists() and self.python.exists()


class Home(NamedTuple):
    """The folder of one deployment."""

    folder: Path
    deployment: str

    @property
    def program(self) -> Path:
        return self.folder / "agent.pyz"

    @property
    def environments(self) -> Path:
        return self.folder / "environments"

    def environment(self, name: str) -> EnvironmentFolder:
        """That of a run.

        Raises:
            Failure: it is not there.
        """
        made = EnvironmentFolder(self.environments / name)
        if not made.complete:
            raise Failure(f"the environment {name} of this run is gone", hint="the verb `environment` makes it again")
        return made

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def of(self, wanted: Wanted) -> Path:
        """Where something that is fetched lies, by its id."""
        return self.models if wanted.kind == "model" else self.data

    @property
    def prepared(self) -> Path:
        """What `preprocess:` has made of the data, a folder for each content."""
        return self.folder / "prepared"

    @property
    def hub(self) -> Path:
        """The cache of Hugging Face's library, for runs with models of its hub."""
        return self.folder / "hub"

    @property
    def fetching_log(self) -> Path:
        """What goes on while data is fetched from elsewhere; gone afterwards."""
        return self.data / "fetching.log"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def checkpoints_begun(self) -> Path:
        """What the checkpoints began with."""
        return self.folder / "checkpoints.json"

    @property
    def unit(self) -> Path:
        """Which systemd unit the deployment has; none on most machines."""
        return self.folder / "unit.json"

    @property
    def open(self) -> Path:
        """A file for each attempt that goes on."""
        return self.folder / "open"

    @property
    def checkpoints_sent(self) -> Path:
        """Which of them are in the bucket."""
        return self.folder / "checkpoints.sent.jsonl"

    @property
    def restoring(self) -> Path:
        """What is on its way from there, until all of it is here."""
        return self.folder / "restoring"

    @property
    def ahead(self) -> Path:
        """What came of making the environment while the data was on its way."""
        return self.folder / "ahead.json"

    @property
    def ahead_lock(self) -> Path:
        """Held while that goes on."""
        return self.folder / "ahead.lock"

    @property
    def ahead_log(self) -> Path:
        return self.folder / "ahead.log"

    @property
    def makers(self) -> Path:
        """A file for each process that makes an environment, called after its pid."""
        return self.folder / "makers"

    @property
    def makers_lock(self) -> Path:
        """Held by whoever ends them, for as long as nobody may make one."""
        return self.folder / "makers.lock"

    @property
    def departure_lock(self) -> Path:
        """Held by whoever deletes the machine once nobody needs it any more."""
        return self.folder / "departure.lock"

    @property
    def used(self) -> Path:
        """By its time when somebody used the machine last; none where nobody asks."""
        return self.folder / "used"

    @property
    def visitors_lock(self) -> Path:
        """Held, by all of them together, by commands beside main.py; none where nobody asks."""
        return self.folder / "visitors.lock"

    @property
    def leaving(self) -> Path:
        """Says that all of this is about to be removed, so that nobody begins to save it."""
        return self.folder / "leaving"

    @property
    def marker(self) -> Path:
        """Says that the folder is ours, and whose: nothing without it is ever removed."""
        return self.folder / "deployment.json"

    def run(self, run: str) -> RunFolder:
        """Raises: Failure, where `run` cannot be a run's id."""
        if _RUN.fullmatch(run) is None:
            raise Failure(f"{run!r} is no run's id", hint="ids look like 20260102-030405-6789")
        return RunFolder(self.folder / "runs" / run, self.deployment)

    def runs(self) -> list[RunFolder]:
        """All runs that have a folder, the oldest first."""
        return [RunFolder(each, self.deployment) for each in sorted((self.folder / "runs").glob("*")) if each.is_dir()]


LIBRARIES_FOLDER = "libraries"
"""Environments of the agent's own, below `cache_folder`."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where what can be made again lies, of all deployments: below $XDG_CACHE_HOME or ~/.cache."""
    base = environment.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        base = f"{_user_folder(environment)}/.cache"
    return Path(base) / "cynthus"


def host_folder(deployment: str, environment: Mapping[str, str]) -> Path:
    """Where a deployment lies on a host that was reached from elsewhere: for root, in the machine's own place."""
    return default_folder(deployment, environment) if os.getuid() else Path("/opt/cynthus") / deployment


def default_folder(deployment: str, environment: Mapping[str, str]) -> Path:
    """Where a deployment lies when nobody says: below $XDG_DATA_HOME or ~/.local/share."""
    base = environment.get("XDG_DATA_HOME", "")
    if not base.startswith("/"):
        base = f"{_user_folder(environment)}/.local/share"
    return Path(base) / "cynthus" / deployment


def _user_folder(environment: Mapping[str, str]) -> str:
    named = environment.get("HOME", "")
    if named.startswith("/"):
        return named
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        raise Failure("this user has no home folder", hint="set HOME, or name the folder with --home") from None


def _counted(folder: Path) -> bool:
    return folder.name.isdigit() and folder.parent.name.isdigit()
