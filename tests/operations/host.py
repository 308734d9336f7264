"""A host that is a folder: what an agent would have written there, without one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cynthus.core.run import Run, RunState, Version
from cynthus.operations.host_agent import HostAgent
from cynthus.operations.site import Site
from cynthus.targets.local.connection import LocalConnection

ID = "weather-0a1b2c"
RUN = Run("20260102-030405-beef", ID, "2026-01-02T03:04:05Z", version=Version("e1", "s1"))


def run_in(state: RunState) -> Run:
    """A run that has come as far as `state`."""
    way = [RunState.PROVISIONING, RunState.CONFIGURING, RunState.RUNNING]
    run = RUN
    for each in way[: way.index(state) + 1] if state in way else [*way, state]:
        run = run.moved(each, at="2026-01-02T03:04:06Z", reason="the test wants it")
    return run


@dataclass(frozen=True)
class Host:
    """A home below `place`."""

    place: Path

    @property
    def agent(self) -> HostAgent:
        return HostAgent(LocalConnection({}, PurePosixPath(self.place.parent)), self.place.name)

    @property
    def attempt(self) -> Path:
        folder = self.place / "runs" / RUN.id / "attempts/1/0"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def outputs(self) -> Path:
        folder = self.place / "runs" / RUN.id / "outputs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def tells(self, **status: object) -> None:
        """Write the attempt's status.json."""
        whole = {"schema": 1, "run_id": RUN.id, "beat_at": "2026-01-02T03:04:05Z", **status}
        (self.attempt / "status.json").write_text(json.dumps(whole))

    def prints(self, data: bytes) -> None:
        """Add to the log."""
        with open(self.attempt / "log", "ab") as stream:
            stream.write(data)


def site_in(folder: Path) -> Site:
    """The site of a folder that no index knows."""
    folder.mkdir(exist_ok=True)
    return Site(folder, "local", ID, "weather", None)


class Recorder:
    """A Progress that keeps what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.steps: list[str] = []
        self.results: list[str] = []
        self.amounts: list[tuple[int, int]] = []

    def step(self, title: str, *, brief: bool = False) -> RecordedStep:
        self.steps.append(title)
        return RecordedStep(self)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class RecordedStep:
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> RecordedStep:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def activity(self, text: str) -> None:
        pass

    def amount(self, done: int, total: int) -> None:
        self._recorder.amounts.append((done, total))

    def result(self, text: str) -> None:
        self._recorder.results.append(text)
