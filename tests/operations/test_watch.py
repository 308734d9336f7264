"""What is new comes home while the run goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.clock import SystemClock
from cynthus.core.run import RunState
from cynthus.operations.at_work import holding
from cynthus.operations.down import down
from cynthus.operations.watch import watch
from tests.operations.host import Recorder
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.operations.pull import Pulled

MAIN = """\
import os, pathlib, sys, time
print("waiting", flush=True)
pathlib.Path("outputs/early.txt").write_text("early")
pathlib.Path("checkpoints").mkdir(exist_ok=True)
pathlib.Path("checkpoints/step").write_text("1")
while not os.path.exists({gate!r}):
    time.sleep(0.02)
pathlib.Path("outputs/late.txt").write_text("late")
print("done", flush=True)
sys.exit({code})
"""


class Acting(SystemClock):
    """Time that passes when somebody sleeps, and in each sleep the next thing happens."""

    def __init__(self, *acts: Callable[[], object]) -> None:
        self._acts = list(acts)
        self._passed = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._passed

    def sleep(self, seconds: float) -> None:
        self._passed += seconds
        if self._acts:
            self._acts.pop(0)()
        else:
            time.sleep(0.02)


class Watched:
    """A run that ends when the gate is opened."""

    def __init__(self, workshop: Workshop, code: int = 0) -> None:
        self.workshop = workshop
        self.gate = workshop.place / "gate"
        self.folder = workshop.folder(main=MAIN.format(gate=str(self.gate), code=code))
        self.outcome = workshop.up(self.folder)
        self.progress = Recorder()

    @property
    def home(self) -> Path:
        return self.folder / "outputs" / self.outcome.run.id

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.02)

    def written(self) -> None:
        """main.py has written what it writes at first."""
        there = self.workshop.host(self.folder) / "checkpoints/step"
        self.until(lambda: there.exists() and there.read_text() == "1")

    def watch(self, *acts: Callable[[], object]) -> Pulled:
        """Watch from when something is written; each act happens in a pause, and then the gate is opened."""
        self.written()
        clock = Acting(*acts, self.gate.touch)
        tools = replace(self.workshop.tools, clock=clock, progress=self.progress)
        return watch(tools, str(self.folder)).to_the_end()


class Seen:
    """What one watch came to: `early` is what lay at home before the gate was opened, `steps` how many there had been
    at the first pause and many looks later."""

    def __init__(self, watched: Watched) -> None:
        self.early: dict[str, str] = {}
        self.steps: list[int] = []
        self.watched = watched
        self.pulled = watched.watch(self._look, *[self._idle] * 20, self._count)

    def _look(self) -> None:
        for path in (*self.watched.home.iterdir(), self.watched.folder / "checkpoints/step", self.log):
            self.early[path.name] = path.read_text()
        self._count()

    def _idle(self) -> None:
        """Nothing is new."""

    def _count(self) -> None:
        self.steps.append(len(self.watched.progress.steps))

    @property
    def log(self) -> Path:
        return self.watched.outcome.site.paths.log(self.watched.outcome.run.id)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    workshop = Workshop(tmp_path_factory.mktemp("seen"))
    yield Seen(Watched(workshop))
    workshop.home()


@pytest.fixture
def watched(workshop: Workshop) -> Watched:
    return Watched(workshop)


def test_outputs_checkpoints_and_log_come_home_before_the_run_has_ended(seen: Seen) -> None:
    assert seen.early == {"early.txt": "early", "step": "1", "log": "waiting\n"}


def test_at_its_end_everything_is_at_home(seen: Seen) -> None:
    assert (seen.pulled.run.state, seen.pulled.run.pulled, seen.pulled.total) == (RunState.SUCCEEDED, True, 2)
    assert ((seen.watched.home / "late.txt").read_text(), seen.log.read_text()) == ("late", "waiting\ndone\n")


def test_what_came_is_said_in_one_line(seen: Seen) -> None:
    run = seen.watched.outcome.run.id
    assert seen.watched.progress.results[0] == f"outputs/{run}/early.txt, checkpoints/step (6 B)"


def test_what_came_in_all_is_counted(seen: Seen) -> None:
    assert (seen.pulled.copied, seen.pulled.bytes) == (3, 10)


def test_where_nothing_is_new_nothing_is_said(seen: Seen) -> None:
    assert seen.steps == [1, 1]


def test_how_the_run_ended_is_known(workshop: Workshop) -> None:
    assert Watched(workshop, code=7).watch().run.exit_code == 7


def test_in_its_pauses_others_can_work(watched: Watched) -> None:
    def work() -> None:
        with holding(watched.workshop.tools, watched.folder, "update"):
            pass

    watched.watch(work, work)


def test_somebody_who_is_at_work_is_waited_for(watched: Watched) -> None:
    other = holding(watched.workshop.tools, watched.folder, "update")
    other.__enter__()

    def end() -> None:
        other.__exit__(None, None, None)

    watched.watch(end)
    (said,) = watched.progress.notes
    assert ("update" in said, said.endswith("what is new comes when that has ended")) == (True, True)


def test_a_host_that_was_removed_after_everything_came_home_is_no_failure(watched: Watched) -> None:
    def remove() -> None:
        watched.gate.touch()
        down(watched.workshop.tools, str(watched.folder), yes=True)

    pulled = watched.watch(remove)
    assert (pulled.run.pulled, (watched.home / "early.txt").exists()) == (True, True)
