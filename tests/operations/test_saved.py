"""A run whose machine is gone: its bucket tells of it."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest
from msgspec.structs import replace

from cynthus.cli import documents
from cynthus.cli.status_text import lines
from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable
from cynthus.operations.logs import logs
from cynthus.operations.pull import pull
from cynthus.operations.status import status
from cynthus.targets.local.connection import LocalConnection
from cynthus.targets.local.target import LocalTarget
from cynthus.testing.gcs import FakeGcs
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path, PurePosixPath

    from cynthus.core.deployment import Host
    from cynthus.core.run import Run
    from cynthus.operations.up import Outcome
    from cynthus.settings import Settings
    from cynthus.targets.base import Target

MAIN = """\
import os, pathlib
pathlib.Path("outputs/deep").mkdir()
pathlib.Path("outputs/deep/model.bin").write_bytes(bytes(range(256)) * 400)
pathlib.Path("outputs/metrics").write_text("1")
pathlib.Path("checkpoints/last").write_text("weights")
print("done")
"""


class Gone:
    """A run that ended, was saved, and lies on no machine any more."""

    def __init__(self, workshop: Workshop, bucket: str) -> None:
        self.workshop = workshop
        self.folder = workshop.folder(main=MAIN, spec=f"bucket: {bucket}\n")
        self.outcome: Outcome = workshop.up(self.folder)
        self.run: Run = workshop.ended(self.outcome)
        self._await(workshop.host(self.folder) / "runs" / self.run.id / "attempts/1/0/status.json")

    def _await(self, file: Path) -> None:
        deadline = time.monotonic() + 60
        while json.loads(file.read_bytes())["sync"]["state"] != "saved":
            assert time.monotonic() < deadline, file.read_text()
            time.sleep(0.05)

    def log(self) -> tuple[bytes, Run]:
        shown: list[bytes] = []
        attendance = logs(self.workshop.tools, str(self.folder), shown.append)
        return b"".join(shown), attendance.run

    def pulled(self) -> tuple[int, int]:
        found = pull(self.workshop.tools, str(self.folder))
        return found.copied, found.total

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs" / self.run.id


@contextmanager
def bucket(kind: str, place: Path) -> Iterator[tuple[Workshop, str]]:
    if kind == "folder":
        (place / "bucket").mkdir()
        yield Workshop(place), f"file://{place}/bucket"
        return
    with FakeGcs("ours").serving() as fake:
        yield Workshop(place, STORAGE_EMULATOR_HOST=fake.endpoint), "gs://ours/team"


@pytest.fixture(params=["folder", "google"])
def gone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gone]:
    """One whose host was lost."""
    with bucket(request.param, tmp_path) as (workshop, address):
        made = Gone(workshop, address)
        workshop.lose_host(made.folder)
        yield made
        workshop.home()


def test_all_that_was_saved_is_at_hand_once_the_machine_is_gone(gone: Gone) -> None:
    """One run for several looks: to make one takes seconds."""
    found = status(gone.workshop.tools, str(gone.folder))
    assert found.run is not None
    assert (found.run.state, found.unsaved[0], found.uncounted) == (RunState.SUCCEEDED, 3, "")
    (host,) = found.hosts
    assert (host.gone, host.saving and host.saving.files) == (True, 0)

    shown = "\n".join(lines(found, gone.workshop.tools.clock.now()))
    assert f"{host.name} is gone; it was saved until " in shown
    assert "all is there then" in shown
    document: Any = documents.status([found], [], gone.workshop.tools.clock.now())
    assert document["deployments"][0]["host_reports"][0]["gone"] is True

    said, run = gone.log()
    assert (said, run.state) == (b"done\n", RunState.SUCCEEDED)

    assert gone.pulled() == (2, 2)
    assert (gone.outputs / "deep/model.bin").read_bytes() == bytes(range(256)) * 400
    assert (gone.folder / "checkpoints/last").read_text() == "weights"
    assert gone.outcome.site.runs.load(gone.run.id).pulled

    # What is at home is as it was on the host, time and all, so it does not come twice.
    assert gone.pulled() == (0, 2)
    (gone.outputs / "metrics").unlink()
    assert gone.pulled() == (1, 2)
    assert status(gone.workshop.tools, str(gone.folder)).unsaved == (0, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Gone]:
    """One whose host still stands, and whose bucket is a folder."""
    with bucket("folder", tmp_path) as (workshop, address):
        yield Gone(workshop, address)
        workshop.home()


def test_a_run_that_went_on_when_its_machine_went_is_lost(folder: Gone) -> None:
    # As it was on record before it ended, which on a quick machine `up` itself sees.
    going = replace(folder.run, state=RunState.RUNNING, exit_code=None, ended_at=None, reason="", transitions=())
    folder.outcome.site.runs.save(going)
    folder.workshop.lose_host(folder.folder)
    for file in (folder.workshop.place / "bucket").rglob("status.json"):
        told: dict[str, Any] = json.loads(file.read_bytes())
        file.write_text(json.dumps({**told, "state": "RUNNING", "beat_at": "2026-01-02T03:04:05Z"}))
        (file.parent / "exit").unlink()
    said, run = folder.log()
    # Nobody waits for more: `logs -f` ends with what there is.
    assert (said, run.state, run.over) == (b"done\n", RunState.LOST, True)
    assert run.reason == "its machine is gone; it was saved until 2026-01-02T03:04:05Z"
    assert folder.pulled() == (2, 2)
    assert folder.outcome.site.runs.load(folder.run.id).state is RunState.LOST
    assert status(folder.workshop.tools, str(folder.folder)).run == folder.outcome.site.runs.load(folder.run.id)


def test_while_the_host_stands_its_bucket_is_not_asked(folder: Gone) -> None:
    (folder.workshop.place / "bucket").rename(folder.workshop.place / "elsewhere")
    assert not status(folder.workshop.tools, str(folder.folder)).hosts[0].gone
    assert folder.log()[0] == b"done\n"
    assert folder.pulled() == (2, 2)


def test_a_bucket_that_cannot_be_read_either_is_told(folder: Gone) -> None:
    folder.workshop.lose_host(folder.folder)
    (folder.workshop.place / "bucket").rename(folder.workshop.place / "elsewhere")
    found = status(folder.workshop.tools, str(folder.folder))
    assert "what it saved cannot be read" in found.problem
    said, _ = folder.log()
    assert said == b""
    assert "what it saved cannot be read" in folder.workshop.progress.warnings[-1]


class Deleted(LocalConnection):
    """To a machine that a cloud has deleted."""

    def home(self, deployment: str) -> PurePosixPath:
        raise HostUnreachable(f"nobody answers for {deployment}", hint="look")


class Cloud(LocalTarget):
    """A target that knows whether its machines stand, by whether `place` is there."""

    def __init__(self, settings: Settings, place: Path) -> None:
        super().__init__(settings)
        self._place = place

    def connect(self, host: Host, root: Path) -> LocalConnection:
        there = super().connect(host, root)
        return Deleted({}) if self.gone((host,)) else there

    def gone(self, hosts: Sequence[Host]) -> frozenset[str]:
        return frozenset() if self._place.exists() else frozenset(host.name for host in hosts)


class OnlyCloud:
    def __init__(self, target: Target) -> None:
        self._target = target

    def names(self) -> tuple[str, ...]:
        return ("local",)

    def find(self, name: str) -> Target:
        return self._target


def test_a_target_that_knows_of_a_deleted_machine_is_believed(folder: Gone) -> None:
    tools, place = folder.workshop.tools, folder.workshop.host(folder.folder)
    folder.workshop.tools = replace(tools, targets=OnlyCloud(cast("Target", Cloud(tools.settings, place))))
    folder.workshop.lose_host(folder.folder)
    found = status(folder.workshop.tools, str(folder.folder))
    assert (found.run and found.run.state, found.unsaved[0]) == (RunState.SUCCEEDED, 3)
    assert folder.log()[0] == b"done\n"
    assert folder.pulled() == (2, 2)
    folder.workshop.tools = tools
