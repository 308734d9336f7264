"""Killed at any step, the next `up` or `down` recovers, and nothing runs that `status` does not show."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys.user import COUNT, processes_with, wait_for

if TYPE_CHECKING:
    from tests.journeys.user import Ended, User

pytestmark = pytest.mark.crash

STEPS = [
    "Write the Terraform and Ansible files ...",
    "Plan ...",
    "Apply ...",
    "Configure and deploy ...",
    "counting",
    "Bring outputs home ...",
]
BLOWS = [
    *((signal.SIGKILL, step, delay) for step in STEPS for delay in (0.0, 0.15)),
    *((number, step, 0.1) for number in (signal.SIGINT, signal.SIGTERM) for step in STEPS if step != "counting"),
]
"""Signal, step, and seconds into the step. What a signal does while a run is followed is tested with following."""
SLOW_COUNT = COUNT + "import time; time.sleep(0.3)\n"


def hit(user: User, folder: Path, step: str, delay: float, number: int) -> Ended:
    """`up`, with a signal to the command alone at `delay` seconds after a step was announced."""
    with user.typing("up", folder, "-y") as typed:
        typed.until(step)
        time.sleep(delay)  # how far into the step: any moment will do
        if typed.process.poll() is None:
            typed.signal(number)
        return typed.ended()


@pytest.mark.parametrize(("number", "step", "delay"), BLOWS)
def test_the_next_up_goes_on(user: User, step: str, delay: float, number: int) -> None:
    folder = user.folder(main=SLOW_COUNT)
    first = hit(user, folder, step, delay, number)
    assert "Traceback" not in first.err
    again = user.cynthus("up", folder, "-y")
    assert again.code == 0, (first, again)
    assert (folder / "outputs/latest/count.txt").read_text() == "3"
    assert runs_that_started(user, folder) == 1, (first, again)


@pytest.mark.parametrize("step", STEPS)
def test_down_after_a_kill_leaves_nothing(user: User, step: str) -> None:
    folder = user.folder(main=SLOW_COUNT)
    hit(user, folder, step, 0.1, signal.SIGKILL)
    down = user.cynthus("down", folder, "-y")
    assert down.code == 0, down
    wait_for(lambda: not strays(user, folder))
    assert user.on_host() == []


@pytest.mark.parametrize("step", STEPS[2:4])
def test_an_interruption_says_what_exists_and_how_to_go_on(user: User, step: str) -> None:
    folder = user.folder(main=SLOW_COUNT)
    ended = hit(user, folder, step, 0.1, signal.SIGINT)
    assert ended.code == 130, ended
    assert f"`cynthus up {folder}` goes on from here" in ended.err


@pytest.mark.parametrize("step", STEPS[2:])
def test_status_shows_whatever_runs_after_a_kill(user: User, step: str) -> None:
    folder = user.folder(main="import time\nprint('counting', flush=True)\ntime.sleep(600)\n")
    if step == STEPS[-1]:
        folder = user.folder(main=SLOW_COUNT)
    hit(user, folder, step, 0.3, signal.SIGKILL)
    settle(user, folder)
    runs = [line for line in strays(user, folder) if "main.py" in line]
    assert bool(runs) == (user.status(folder)["run"]["state"] == "RUNNING")


def test_a_kill_while_down_removes_is_finished_by_the_next_down(user: User) -> None:
    folder = user.folder()
    user.cynthus("up", folder, "-y")
    with user.typing("down", folder, "-y") as typed:
        typed.until("Remove the hosts ...")
        typed.signal(signal.SIGKILL)
        typed.ended()
    assert user.cynthus("down", folder, "-y").code == 0
    state = json.loads((folder / "infra/local/compute/terraform.tfstate").read_text())
    assert (state["resources"], user.on_host()) == ([], [])


SAVES = """\
import pathlib
for number in range(2000):
    pathlib.Path(f"checkpoints/{number}.pt").write_bytes(b"x" * 100)
"""


def test_a_kill_while_checkpoints_come_home_costs_nobody_any(user: User) -> None:
    folder = user.folder(main=SAVES)
    user.cynthus("up", folder, "-y")
    with user.typing("down", folder, "-y") as typed:
        wait_for((folder / "checkpoints/1.pt").exists)
        typed.signal(signal.SIGKILL)
        typed.ended()
    (folder / "checkpoints/1.pt").write_text("mine")
    assert user.cynthus("down", folder, "-y").code == 0
    sizes = {path.name: path.stat().st_size for path in (folder / "checkpoints").iterdir()}
    assert sizes == {**{f"{number}.pt": 100 for number in range(2000)}, "1.pt": 4, "1.pt.from-host": 100}


def test_a_second_up_at_once_says_who_is_at_work(user: User) -> None:
    folder = user.folder()
    with user.typing("up", folder, "-y") as typed:
        typed.until("Plan ...")
        second = user.cynthus("up", folder, "-y")
        assert second.code == 4, second
        assert f"pid {typed.process.pid}" in second.err
        assert typed.ended().code == 0


def test_two_first_ups_at_once_make_one_deployment(user: User) -> None:
    folder = user.folder()
    with user.typing("up", folder, "-y") as one, user.typing("up", folder, "-y") as other:
        codes = sorted([one.ended().code, other.ended().code])
    assert codes == [0, 4]
    assert len(user.deployments()) == 1


def test_a_run_whose_folder_was_removed_does_not_go_on_unseen(user: User) -> None:
    folder = user.folder(main="import time\nprint('counting', flush=True)\ntime.sleep(600)\n")
    user.cynthus("up", folder, "-y", "--detach")
    deployment = user.status(folder)["id"]
    # At one blow: the agent still writes there.
    (user.home / ".local/share/cynthus" / deployment).rename(user.place / "what lay on the host")
    wait_for(lambda: not processes_with(deployment))
    assert user.status(folder)["run"]["state"] == "LOST"


def test_the_agent_survives_the_death_of_its_watcher(user: User) -> None:
    folder = user.folder(main="import time\nprint('counting', flush=True)\ntime.sleep(3)\nprint('end')\n")
    user.cynthus("up", folder, "-y", "--detach")
    for pid in agents(user, folder):
        os.kill(pid, signal.SIGKILL)
    ended = user.cynthus("up", folder, "-y")
    assert ended.out == "counting\nend\n", ended


def runs_that_started(user: User, folder: Path) -> int:
    """How often main.py was started, as far as its runs tell."""
    listed = user.cynthus("status", folder, "--json").document["deployments"][0]["runs"]
    return sum(each["state"] not in ("CANCELLED", "CONFIGURING") for each in listed)


def strays(user: User, folder: Path) -> list[str]:
    """Processes that work for the deployment."""
    found = [each["id"] for each in user.deployments() if each["folder"] == str(folder)]
    return processes_with(found[0]) if found else []


def agents(user: User, folder: Path) -> list[int]:
    """The agent's own processes, not main.py."""
    home = user.home / ".local/share/cynthus" / user.status(folder)["id"]
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(home).encode() in line and b"agent" in line:
            found.append(int(process.name))
    return found


def settle(user: User, folder: Path) -> None:
    """Wait until nothing of a killed `up` (Terraform, Ansible) still works."""
    tools = ("ansible-playbook", "terraform apply")
    wait_for(lambda: not any(tool in line for line in strays(user, folder) for tool in tools))


