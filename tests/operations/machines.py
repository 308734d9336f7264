"""A run whose machines are taken back one after the other: folders in their places, and what they saved in a third."""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable
from cynthus.operations.attend import Attendance
from cynthus.operations.logs import logs
from cynthus.operations.site import agents, locate
from cynthus.state.index import Entry
from cynthus.targets.local.connection import LocalConnection
from cynthus.targets.local.target import LocalTarget
from cynthus.testing.clock import START, FakeClock
from tests.operations.host import ID, RUN, run_in
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

TAKEN_AT = "2026-01-02T03:05:06Z"
WHY = "the machine was taken back"


class Acting(FakeClock):
    """A clock with which the next thing happens whenever somebody sleeps; there is an end to that."""

    def __init__(self, acts: Sequence[Callable[[], object]]) -> None:
        super().__init__(START)
        self._acts = list(acts)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        assert self._acts, "it is waited for something that does not come"
        self._acts.pop(0)()


class Standing(LocalConnection):
    """To a machine as long as it exists."""

    def home(self, deployment: str) -> PurePosixPath:
        found = super().home(deployment)
        if not Path(found).exists():
            raise HostUnreachable(f"nobody answers for {deployment}", hint="look")
        return found


class Cloud(LocalTarget):
    """A target whose machines stand where `home` is there."""

    home: Path

    def connect(self, host: Host, root: Path) -> LocalConnection:
        return Standing({}, PurePosixPath(self.home.parent))

    def gone(self, hosts: Sequence[Host], *, entirely: bool = False) -> frozenset[str]:
        return frozenset() if self.home.exists() else frozenset(host.name for host in hosts)

    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def find(self, name: str) -> Cloud:
        return self


class Machines:
    """The deployment, below `place`. The first machine stands, and main.py runs there."""

    def __init__(self, place: Path, nodes: int = 1) -> None:
        self.workshop = Workshop(place)
        self.place, self.nodes = place, nodes
        self.bucket, self.folder = place / "bucket", place / "app"
        self.bucket.mkdir()
        self.folder.mkdir()
        tools = self.workshop.tools
        cloud = Cloud(tools.settings)
        cloud.home = self.home = tools.settings.data_dir / ID
        self.tools: Tools = replace(tools, clock=FakeClock(), targets=cloud)
        way, at = ("127.0.0.1", "127.0.0.1", None, 22, 0, ConnectionInfo("local")), RUN.created_at
        hosts = tuple(Host(f"host-{rank}", *way) for rank in range(nodes))
        folder, home = str(self.folder), str(self.home)
        tools.index.put(Entry(ID, "weather", "local", folder, "venv", home, at, "up", hosts, None, at))
        self.site.paths.create()
        self.record(replace(run_in(RunState.RUNNING), nodes=nodes))
        document = {"bucket": f"file://{self.bucket}"}
        (self.site.paths.runs / RUN.id / "spec.json").write_text(json.dumps(document))
        self.stand()

    @property
    def site(self) -> Site:
        return locate(self.tools, str(self.folder))

    @property
    def run(self) -> Run:
        return self.site.runs.load(RUN.id)

    def record(self, run: Run) -> None:
        self.site.runs.save(run)

    def agents(self) -> tuple[HostAgent, ...]:
        return agents(self.tools, self.site)

    def stand(self) -> None:
        """A machine on which main.py runs."""
        self.home.mkdir(parents=True)
        (self.home / "agent.pyz").touch()
        for rank in range(self.nodes):
            self.tells(rank, state="RUNNING")

    def tells(self, rank: int = 0, **status: object) -> None:
        whole = {"schema": 1, "run_id": RUN.id, "beat_at": "2999-01-02T03:04:05Z", **status}
        (self._attempt(rank) / "status.json").write_text(json.dumps(whole))

    def prints(self, data: bytes, rank: int = 0) -> None:
        with open(self._attempt(rank) / "log", "ab") as stream:
            stream.write(data)

    def saves(self, limit: int | None = None, rank: int = 0) -> None:
        """The log reaches the bucket, as far as that byte."""
        attempt = self.run.attempt
        part = self.bucket / ID / str(rank) / "runs" / RUN.id / "attempts" / str(attempt) / "log" / f"{0:020d}"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes((self._attempt(rank) / "log").read_bytes()[:limit])

    def deleted(self) -> None:
        """The machine is gone."""
        shutil.rmtree(self.home)

    def taken_back(self) -> None:
        """The same, and it is on record."""
        self.deleted()
        self.record(self.run.moved(RunState.PREEMPTED, at=TAKEN_AT, reason=WHY))

    def again(self) -> Run:
        """The next attempt runs, on another machine."""
        run = self.run
        for state in (RunState.PROVISIONING, RunState.CONFIGURING, RunState.RUNNING):
            run = run.moved(state, at=TAKEN_AT, reason="the test wants it")
        self.record(replace(run, attempt=run.attempt + 1))
        self.stand()
        return self.run

    def next(self, saved: int | None = None) -> Run:
        """It is taken back after the log was saved, and goes on elsewhere."""
        for rank in range(self.nodes):
            if (self._attempt(rank) / "log").exists():
                self.saves(saved, rank)
        self.taken_back()
        return self.again()

    def ends(self) -> None:
        for rank in range(self.nodes):
            self.tells(rank, state="EXITED", exit_code=0)

    def shown(self, tail: int | None = None) -> bytes:
        """What `logs` shows."""
        got = bytearray()
        logs(self.tools, str(self.folder), got.extend, tail=tail).flush()
        return bytes(got)

    def attendance(self, *acts: Callable[[], object]) -> Attendance:
        """Whoever follows it; the acts happen while they wait."""
        return Attendance(replace(self.tools, clock=Acting(acts)), self.site, self.run)

    @property
    def notes(self) -> list[str]:
        return self.workshop.progress.notes

    def _attempt(self, rank: int) -> Path:
        folder = self.home / "runs" / RUN.id / "attempts" / str(self.run.attempt) / str(rank)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
