from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import leases, phase
from cynthus.agent.home import Home
from cynthus.agent.idle import Idle
from cynthus.agent.phase import Phase
from cynthus.agent.record import Record
from cynthus.files import write_json
from cynthus.process import birth
from tests.agent.host import RUN, Host, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLEEPS = "import time\nprint('began', flush=True)\ntime.sleep(600)\n"


class World:
    """An attempt whose main.py is a `sleep`, and a clock that tests turn."""

    def __init__(self, place: Path, pid: int, *, idle: float = 1800, gpus: int = 0) -> None:
        home = Home(place / "home", "weather-0a1b2c")
        self.attempt = home.run(RUN).attempt(1)
        self.outputs = self.attempt.run_folder.outputs
        self.checkpoints = home.checkpoints
        for folder in (self.attempt.folder, self.outputs, self.checkpoints):
            folder.mkdir(parents=True)
        self.time = 100.0
        known = Record(pid, birth(pid) or "", 0, "", "", None, 1, gpus, None, "", idle)
        self._idle = Idle(self.attempt, known, now=lambda: self.time)

    def prepares(self, name: str) -> Path:
        """It prepares its data from now on, in that folder."""
        part = self.attempt.home.prepared / name / "part"
        part.mkdir(parents=True)
        write_json(self.attempt.run_folder.prepared, {"id": name})
        phase.tell(self.attempt.phase, Phase(phase.PREPARING))
        return part

    def after(self, seconds: float) -> str:
        """What it says at the end of that time, with a look every ten seconds."""
        end = self.time + seconds
        said = ""
        while self.time < end:
            self.time += 10
            said = said or self._idle.reason()
        return said


@pytest.fixture
def asleep() -> Iterator[int]:
    """The pid of a process that does nothing."""
    pid = os.posix_spawn("/bin/sleep", ["sleep", "600"], os.environ)
    yield pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@pytest.fixture
def world(tmp_path: Path, asleep: int) -> World:
    made = World(tmp_path, asleep)
    # The first look at the files finds them all new.
    made.after(10)
    return made


def test_a_run_that_does_nothing_for_that_long_is_idle(world: World) -> None:
    assert world.after(1780) == ""
    assert world.after(20) == "idle for 30 min: it computed and wrote nothing"


@pytest.mark.parametrize("where", ["log", "outputs", "checkpoints"])
def test_a_run_that_writes_is_not_idle(world: World, where: str) -> None:
    folder = {"log": world.attempt.folder, "outputs": world.outputs / "deep", "checkpoints": world.checkpoints}[where]
    folder.mkdir(exist_ok=True)
    for text in ("a", "ab", "abc"):
        assert world.after(1700) == ""
        (folder / "log").write_text(text)
    assert world.after(1700) == ""
    assert world.after(200).startswith("idle")


def test_a_file_that_was_replaced_by_one_of_the_same_size_was_written(world: World) -> None:
    (world.outputs / "x").write_text("a")
    world.after(1700)
    time.sleep(0.02)
    (world.outputs / "x").write_text("b")
    assert world.after(1700) == ""


def test_a_run_that_waits_for_data_that_another_run_prepares_is_not_idle(world: World) -> None:
    phase.tell(world.attempt.phase, Phase(phase.WAITING))
    assert world.after(1900) == ""
    phase.tell(world.attempt.phase, Phase())
    assert world.after(1790) == ""
    assert world.after(20).startswith("idle")


def test_a_run_that_prepares_data_and_writes_is_not_idle(world: World) -> None:
    part = world.prepares("p1")
    assert world.after(1700) == ""
    (part / "rows").write_text("a")
    assert world.after(1700) == ""
    assert world.after(200).startswith("idle")


def test_what_another_run_prepares_is_no_work_of_this_one(world: World) -> None:
    other = world.prepares("p2")
    world.prepares("p1")
    world.after(1700)
    (other / "rows").write_text("a")
    assert world.after(200).startswith("idle")


def test_a_run_that_does_not_say_what_it_prepares_is_looked_at_all_the_same(world: World) -> None:
    world.prepares("p1")
    world.attempt.run_folder.prepared.write_text("{")
    assert world.after(1900).startswith("idle")


def test_it_is_told_from_the_first_minute_on_and_no_longer_than_it_lasts(world: World) -> None:
    world.after(30)
    assert not world.attempt.idle.exists()
    world.after(60)
    assert world.attempt.idle.exists()
    world.attempt.log.write_text("x")
    world.after(10)
    assert not world.attempt.idle.exists()


def test_a_run_with_gpus_of_which_nobody_knows_anything_is_not_idle(tmp_path: Path, asleep: int) -> None:
    assert World(tmp_path, asleep, gpus=1).after(4000) == ""


def test_an_attempt_knows_which_gpus_it_was_given(tmp_path: Path) -> None:
    run = Home(tmp_path / "home", "weather-0a1b2c").run(RUN)
    for index, number in ((0, 2), (3, 1), (11, 1)):
        (tmp_path / str(index)).write_text(f'{{"label": "{run.attempt(number).label}", "user": "x"}}')
    assert sorted(leases.of(run.attempt(1), tmp_path)) == [3, 11]


def test_an_idle_run_is_ended_and_says_why(host: Host) -> None:
    ended = host.end(SLEEPS, idle=1.5)
    assert (ended["signal"], ended["reason"]) == (signal.SIGTERM, "idle for 1.5 s: it computed and wrote nothing")


def test_a_run_that_computes_is_not_idle(host: Host) -> None:
    ended = host.end("import time\nuntil = time.time() + 4\nwhile time.time() < until: pass\n", idle=1.5)
    assert (ended["exit_code"], ended["reason"]) == (0, "")


def test_a_child_that_computes_counts(host: Host) -> None:
    script = "import time\nuntil = time.time() + 4\nwhile time.time() < until: pass\n"
    ended = host.end(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {script!r}])\n", idle=1.5)
    assert (ended["exit_code"], ended["reason"]) == (0, "")


def test_a_run_that_only_prints_is_not_idle(host: Host) -> None:
    ended = host.end("import time\nfor n in range(20):\n    print(n, flush=True)\n    time.sleep(0.2)\n", idle=1.5)
    assert (ended["exit_code"], ended["reason"]) == (0, "")


def test_without_a_limit_nobody_looks(host: Host) -> None:
    host.begin(SLEEPS)
    time.sleep(3)
    assert (host.told()["state"], host.attempt.idle.exists()) == ("RUNNING", False)


def test_the_limit_holds_under_a_supervisor_that_took_over(host: Host) -> None:
    host.begin(SLEEPS, idle=4)
    host.prints("began")
    os.kill(host.record()["supervisor_pid"], signal.SIGKILL)
    assert host.ended()["reason"].startswith("idle for 4 s")


def test_the_status_tells_since_when(host: Host) -> None:
    host.begin(SLEEPS, idle=6)
    until(lambda: host.told()["idle_since"])
    assert host.told()["idle_since"] >= host.told()["started_at"]
    host.ended()
    assert host.told()["idle_since"] is None


@pytest.mark.engine
def test_an_idle_container_is_ended(container_host: Host) -> None:
    assert container_host.end(SLEEPS, idle=3)["reason"].startswith("idle for 3 s")


@pytest.mark.engine
def test_a_container_that_computes_is_not_idle(container_host: Host) -> None:
    ended = container_host.end("import time\nuntil = time.time() + 5\nwhile time.time() < until: pass\n", idle=2)
    assert (ended["exit_code"], ended["reason"]) == (0, "")
