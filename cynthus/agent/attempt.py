"""Where an attempt at a run lies on its host."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.home import Home, RunFolder


class Attempt(NamedTuple):
    """The folder of one attempt at a run, on one host of it."""

    folder: Path
    deployment: str
    run: str
    number: int
    rank: int

    @property
    def label(self) -> str:
        """What marks the attempt's processes among all others of the machine."""
        return f"{self.deployment}/{self.run}/{self.number}/{self.rank}"

    @property
    def home(self) -> Home:
        """The deployment's."""
        from cynthus.agent.home import Home

        return Home(self.folder.parents[4], self.deployment)

    @property
    def run_folder(self) -> RunFolder:
        from cynthus.agent.home import RunFolder

        return RunFolder(self.folder.parents[2], self.deployment)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def status(self) -> Path:
        return self.folder / "status.json"

    @property
    def phase(self) -> Path:
        """What it does before main.py begins; none where nothing comes before that."""
        return self.folder / "phase.json"

    @property
    def exit(self) -> Path:
        return self.folder / "exit"

    @property
    def record(self) -> Path:
        return self.folder / "run.pid"

    @property
    def stop(self) -> Path:
        """The wish to stop, for all hosts of the attempt."""
        return self.folder.parent / "stop"

    @property
    def lock(self) -> Path:
        """Held by whoever starts the attempt, then by its supervisor as long as that lives."""
        return self.folder / "supervisor.lock"

    @property
    def engine(self) -> Path:
        """Which engine has the attempt's container."""
        return self.folder / "engine.json"

    @property
    def engine_folder(self) -> Path:
        """A link to where Ray has its sockets and logs; none where there is no Ray."""
        return self.folder / "ray"

    @property
    def ports(self) -> Path:
        """Where its ports are and how; none where it has no ports."""
        return self.folder / "ports.json"

    @property
    def ports_lock(self) -> Path:
        """Held by whoever watches the ports."""
        return self.folder / "ports.lock"

    @property
    def sync(self) -> Path:
        """Where the attempt is saved and how far; none where it is saved nowhere."""
        return self.folder / "sync.json"

    @property
    def sync_lock(self) -> Path:
        """Held by whoever saves it."""
        return self.folder / "sync.lock"

    @property
    def metadata(self) -> Path:
        """Which server tells that the machine is taken back; none on a machine that is not a cloud's."""
        return self.folder / "metadata.json"

    @property
    def preemption_lock(self) -> Path:
        """Held by whoever asks that server."""
        return self.folder / "preemption.lock"

    @property
    def departure(self) -> Path:
        """That the machine is to delete itself after it, and how; none where it is to stay."""
        return self.folder / "departure.json"

    @property
    def departing(self) -> Path:
        """How that stands."""
        return self.folder / "departing.json"

    @property
    def idle(self) -> Path:
        """Since when it does nothing; none where it does something, or nobody looks."""
        return self.folder / "idle.json"

    @property
    def strays(self) -> Path:
        """What lay outside of its outputs when it ended."""
        return self.folder / "strays.json"

    @property
    def agent_lock(self) -> Path:
        return self.folder / "agent.lock"

    @property
    def agent_log(self) -> Path:
        return self.folder / "agent.log"
