"""`cynthus pull --watch`: outputs come home while the run goes on, in another terminal."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.journeys.user import WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User


@pytest.fixture
def gate(user: User) -> Path:
    """main.py ends once this file is there."""
    return user.place / "gate"


def test_whoever_leaves_has_what_came_and_the_run_goes_on(user: User, gate: Path) -> None:
    folder = user.folder(main=WAIT.format(path=str(gate)))
    user.cynthus("up", folder, "-y", "--detach")
    with user.typing("pull", folder, "--watch") as typed:
        typed.until("early.txt")
        typed.signal(signal.SIGINT)
        ended = typed.ended()
    assert (ended.code, "goes on, and what came home is whole" in ended.err) == (130, True), ended
    assert (folder / "outputs/latest/early.txt").read_text() == "saved before the end"
    assert list(folder.rglob("*.part")) == []


def test_it_ends_as_following_does_while_another_terminal_follows_too(user: User, gate: Path) -> None:
    folder = user.folder(main=WAIT.format(path=str(gate)) + "raise SystemExit(7)\n")
    with user.typing("up", folder, "-y") as up:
        up.until("waiting\n")
        with user.typing("pull", folder, "--watch") as watching:
            watching.until("early.txt")
            assert user.cynthus("status", folder).code == 0
            gate.touch()
            assert (watching.ended().code, up.ended().code) == (3, 3), watching.ended()
    assert watching.ended().out == f"{folder / 'outputs' / user.status(folder)['run']['id']}\n"
