"""A run goes on by itself; whoever follows can leave and come back."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.journeys.user import WAIT, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User


@pytest.fixture
def gate(user: User) -> Path:
    """main.py ends once this file is there."""
    return user.place / "gate"


@pytest.fixture
def folder(user: User, gate: Path) -> Path:
    return user.folder(main=WAIT.format(path=str(gate)))


def test_detach_returns_while_main_py_goes_on(user: User, folder: Path) -> None:
    assert user.cynthus("up", folder, "-y", "--detach").code == 0
    assert user.status(folder)["run"]["state"] == "RUNNING"


def test_logs_follow_to_the_end_from_any_directory(user: User, folder: Path, gate: Path) -> None:
    user.cynthus("up", folder, "-y", "--detach")
    with user.typing("logs", "-f", "app", cwd=user.home) as typed:
        typed.until("waiting")
        gate.touch()
        ended = typed.ended()
    assert (ended.code, ended.out) == (0, "waiting\ndone waiting\n"), ended


def test_logs_of_a_run_that_fails_end_with_its_reason(user: User) -> None:
    folder = user.folder(main="import time; print('on', flush=True); time.sleep(1.5); raise SystemExit(7)\n")
    user.cynthus("up", folder, "-y", "--detach")
    answer = user.cynthus("logs", "-f", folder)
    assert (answer.code, "exit code 7" in answer.err) == (3, True), answer


def test_logs_follow_until_a_run_that_never_began_is_cancelled(user: User, folder: Path) -> None:
    user.cynthus("prepare", folder, "-y")
    with user.typing("logs", "-f", folder) as typed:
        wait_for(lambda: typed.process.poll() is None)
        assert user.cynthus("cancel", folder).code == 0
        assert typed.ended().code == 5


def test_a_reader_that_stops_reading_is_no_failure(user: User) -> None:
    user.cynthus("up", user.folder(main="for i in range(200000): print(i)\n"), "-y")
    line = f"set -o pipefail; {sys.executable} -m cynthus logs app | head -n 1"
    answer = run(Command(("bash", "-c", line), env=user.shell(), cwd=user.place))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, b"0\n", b"")


def test_what_was_followed_to_its_end_is_at_home(user: User, folder: Path, gate: Path) -> None:
    user.cynthus("up", folder, "-y", "--detach")
    gate.touch()
    user.cynthus("logs", "-f", folder)
    assert (folder / "outputs/latest/early.txt").exists()


def test_a_second_up_attaches_to_the_run_that_goes_on(user: User, folder: Path, gate: Path) -> None:
    user.cynthus("up", folder, "-y", "--detach")
    run = user.status(folder)["run"]["id"]
    with user.typing("up", folder, "-y") as typed:
        typed.until("waiting")
        gate.touch()
        ended = typed.ended()
    assert (ended.code, ended.out) == (0, "waiting\ndone waiting\n"), ended
    assert user.status(folder)["run"]["id"] == run


def test_attaching_says_when_the_folder_has_changed_since(user: User, folder: Path, gate: Path) -> None:
    user.cynthus("up", folder, "-y", "--detach")
    (folder / "main.py").write_text("print('other')\n")
    with user.typing("up", folder, "-y") as typed:
        typed.until("waiting")
        gate.touch()
        ended = typed.ended()
    assert "`cynthus update` restarts with what changed" in ended.err, ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_following_leaves_the_run_alone(user: User, folder: Path, number: int) -> None:
    with user.typing("up", folder, "-y") as typed:
        typed.until("waiting\n")
        typed.signal(number)
        ended = typed.ended()
    assert ended.code == 130, ended
    assert user.status(folder)["run"]["state"] == "RUNNING"


def test_a_signal_while_following_names_cancel(user: User, folder: Path) -> None:
    with user.typing("up", folder, "-y") as typed:
        typed.until("waiting\n")
        typed.signal()
        assert f"cynthus cancel {folder}" in typed.ended().err


def test_a_killed_follower_harms_nothing(user: User, folder: Path, gate: Path) -> None:
    with user.typing("up", folder, "-y") as typed:
        typed.until("waiting\n")
        typed.signal(signal.SIGKILL)
        typed.ended()
    gate.touch()
    again = user.cynthus("up", folder, "-y")
    assert again.code == 0, again
    assert (folder / "outputs/latest/early.txt").exists()


def test_cancel_ends_the_run_and_keeps_the_machine(user: User, folder: Path) -> None:
    user.cynthus("up", folder, "-y", "--detach")
    assert user.cynthus("cancel", folder).code == 0
    found = user.status(folder)
    assert (found["phase"], found["run"]["state"]) == ("up", "CANCELLED")


def test_whoever_follows_a_cancelled_run_ends_with_5(user: User, folder: Path) -> None:
    with user.typing("up", folder, "-y") as typed:
        typed.until("waiting\n")
        assert user.cynthus("cancel", folder).code == 0
        assert typed.ended().code == 5


def test_cancel_where_nothing_runs_says_so(user: User, folder: Path, gate: Path) -> None:
    gate.touch()
    user.cynthus("up", folder, "-y")
    answer = user.cynthus("cancel", folder)
    assert answer.code == 1
    assert "nothing is running" in answer.err


def test_pull_brings_home_what_a_running_main_py_has_written(user: User, folder: Path) -> None:
    user.cynthus("up", folder, "-y", "--detach")
    wait_for(lambda: user.cynthus("logs", folder).out)
    assert user.cynthus("pull", folder).code == 0
    assert (folder / "outputs/latest/early.txt").exists()


def test_status_tells_what_is_not_saved_yet(user: User, folder: Path) -> None:
    user.cynthus("up", folder, "-y", "--detach")
    wait_for(lambda: user.status(folder)["not_saved"]["files"])
    assert user.status(folder)["not_saved"] == {"files": 1, "bytes": len("saved before the end"), "uncounted": None}


def test_status_without_an_argument_elsewhere_lists_all(user: User, folder: Path) -> None:
    user.cynthus("up", folder, "-y", "--detach")
    listed = user.cynthus("status", cwd=user.home).out.splitlines()
    assert listed[0].split()[0] == "DEPLOYMENT"
    assert "RUNNING" in listed[1]
