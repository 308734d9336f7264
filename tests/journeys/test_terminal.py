"""On a terminal: moving lines, questions, and what Ctrl-C means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.journeys.serving import serve_model
from tests.journeys.terminal import terminal
from tests.journeys.user import WAIT, User, wait_for
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

@pytest.fixture
def waiting(user: User) -> Path:
    return user.folder(main=WAIT.format(path=str(user.place / "gate")))


def test_yes_is_what_enter_means_where_nothing_is_lost(user: User) -> None:
    with terminal(user, "up", user.folder()) as screen:
        screen.until("Make it?")
        screen.type("\n")
        assert screen.end() == 0, screen.screen


def test_no_makes_nothing(user: User) -> None:
    with terminal(user, "up", user.folder()) as screen:
        screen.until("Make it?")
        screen.type("n\n")
        assert (screen.end(), user.on_host()) == (2, []), screen.screen


def test_ctrl_c_at_the_question_makes_nothing(user: User) -> None:
    with terminal(user, "up", user.folder()) as screen:
        screen.until("[Y/n]: ")
        screen.type("\x03")
        assert (screen.end(), user.on_host()) == (130, []), screen.screen


def test_an_answer_that_is_none_is_asked_for_again(user: User) -> None:
    with terminal(user, "up", user.folder()) as screen:
        screen.until("[Y/n]: ")
        screen.type("maybe\n")
        screen.until("answer with one of: y, yes, n, no")
        screen.type("NO\n")
        assert (screen.end(), user.on_host()) == (2, []), screen.screen


def test_the_end_of_the_input_is_no_yes(user: User) -> None:
    with terminal(user, "up", user.folder()) as screen:
        screen.until("[Y/n]: ")
        screen.type("\x04")
        assert (screen.end(), user.on_host()) == (130, []), screen.screen


def test_steps_end_with_a_tick_and_a_time(user: User) -> None:
    with terminal(user, "up", user.folder(), "-y") as screen:
        assert screen.end() == 0
    assert re.search(r"✓ Apply  \d+\.\d s  1 added", screen.screen), screen.screen


def test_the_step_that_goes_on_moves(user: User) -> None:
    with terminal(user, "up", user.folder(), "-y") as screen:
        screen.end()
    assert len(re.findall(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Configure and deploy", screen.screen)) > 3


SLOW_INSTALLER = """\
#!/bin/sh
# Stands in for uv.
echo "Downloading torch (2.1 GB)"
while [ ! -e "{gate}" ]; do sleep 0.05; done
"""


def test_what_the_installer_says_can_be_seen(user: User) -> None:
    tools, gate = user.place / "tools", user.place / "gate"
    tools.mkdir()
    (tools / "uv").write_text(SLOW_INSTALLER.format(gate=gate))
    (tools / "uv").chmod(0o755)
    # Settings of uv's own make sure that uv is taken.
    user.environment |= {"PATH": f"{tools}:{user.shell()['PATH']}", "UV_NO_INDEX": "1"}
    with terminal(user, "up", user.folder(requirements_txt="torch\n"), "-y") as screen:
        screen.until("Downloading torch (2.1 GB)")
        gate.touch()
        assert screen.end() == 0, screen.screen


def test_no_color_leaves_the_words(user: User) -> None:
    user.environment["NO_COLOR"] = "1"
    with terminal(user, "up", user.folder(), "-y") as screen:
        screen.end()
    assert "✓ Apply" in screen.screen
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", screen.raw)


@pytest.mark.parametrize(("key", "code", "state"), [("s", 5, "CANCELLED"), ("d", 0, "RUNNING")])
def test_ctrl_c_while_following_asks_what_is_meant(
    user: User, waiting: Path, key: str, code: int, state: str
) -> None:
    with terminal(user, "up", waiting, "-y") as screen:
        screen.until("waiting")
        screen.type("\x03")
        screen.until("[s/D/c]")
        screen.type(f"{key}\n")
        assert screen.end() == code, screen.screen
    assert user.status(waiting)["run"]["state"] == state


INTERRUPTED_COLLECTOR = """\
import gc, os, signal

def interrupt(phase, info):
    if phase == "stop" and os.path.exists({when!r}):
        os.unlink({when!r})
        signal.raise_signal(signal.SIGINT)

gc.callbacks.append(interrupt)
gc.set_threshold(20)
"""
"""A sitecustomize.py: Ctrl-C comes when garbage is collected, which is often, once there is a file `when`."""


def test_ctrl_c_counts_while_garbage_is_collected(user: User, waiting: Path) -> None:
    when, customs = user.place / "when", user.place / "customs"
    customs.mkdir()
    (customs / "sitecustomize.py").write_text(INTERRUPTED_COLLECTOR.format(when=str(when)))
    user.environment["PYTHONPATH"] = str(customs)
    with terminal(user, "up", waiting, "-y") as screen:
        screen.until("waiting")
        when.touch()
        screen.until("[s/D/c]")
        screen.type("d\n")
        assert screen.end() == 0, screen.screen


def test_continue_goes_on_following_to_the_end(user: User, waiting: Path) -> None:
    with terminal(user, "up", waiting, "-y") as screen:
        screen.until("waiting")
        screen.type("\x03")
        screen.until("[s/D/c]")
        screen.type("c\n")
        (user.place / "gate").touch()
        assert screen.end() == 0
    assert screen.screen.count("done waiting") == 1


def test_a_closed_terminal_leaves_a_detached_run_alone(user: User, waiting: Path) -> None:
    with terminal(user, "up", waiting, "-y", "--detach") as screen:
        assert screen.end() == 0
    (user.place / "gate").touch()
    wait_for(lambda: user.status(waiting)["run"]["state"] == "SUCCEEDED")


def test_ctrl_c_is_how_forward_is_meant_to_end(user: User) -> None:
    app = serve_model(user, free_port())
    assert user.cynthus("up", app, "-y", "--detach").code == 0
    with terminal(user, "forward", app) as screen:
        screen.until("http://127.0.0.1:")
        screen.type("\x03")
        assert screen.end() == 0, screen.screen
    assert "goes on" in screen.screen


def test_exec_has_the_terminal(user: User) -> None:
    folder = user.folder()
    user.cynthus("up", folder, "-y")
    with terminal(user, "exec", folder, "--", "sh", "-c", "test -t 0 && echo a-terminal") as screen:
        assert screen.end() == 0
    assert "a-terminal" in screen.screen
