"""What main.py wrote outside of outputs/ is told, by each command that somebody types who may expect it at home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import Ended, User

MAIN = "open('outputs/x', 'w').write('1')\nopen('model.pt', 'wb').write(bytes(3_100_000))\n"
SAID = "1 file outside outputs/ (model.pt 3.1 MB)"
HINT = f"main.py also wrote {SAID}: it stays on the host until `cynthus down`; what it writes to outputs/ comes home\n"


@pytest.fixture(scope="module")
def folder(visitor: User) -> Path:
    return visitor.folder(main=MAIN)


@pytest.fixture(scope="module")
def up(visitor: User, folder: Path) -> Ended:
    return visitor.cynthus("up", folder, "-y")


def test_up_tells_it_once(up: Ended) -> None:
    assert (up.code, up.err.count(HINT), up.out) == (0, 1, ""), up


def test_pull_tells_it(up: Ended, visitor: User, folder: Path) -> None:
    assert HINT in visitor.cynthus("pull", folder).err, up


def test_status_does_not_count_it_as_not_saved(up: Ended, visitor: User, folder: Path) -> None:
    assert "not saved  nothing" in visitor.cynthus("status", folder).out, up


def test_a_program_reads_it_in_the_status(up: Ended, visitor: User, folder: Path) -> None:
    status = visitor.status(folder)
    largest = [{"path": "model.pt", "bytes": 3_100_000}]
    told = {"run": status["run"]["id"], "files": 1, "bytes": 3_100_000, "complete": True, "largest": largest}
    assert status["outside_outputs"] == [told], up


def test_logs_f_tells_it(user: User) -> None:
    folder = user.folder(main=f"import time\n{MAIN}time.sleep(2)\n")
    user.cynthus("up", folder, "-y", "--detach")
    assert HINT in user.cynthus("logs", folder, "-f").err


def test_down_says_what_it_removes(user: User) -> None:
    folder = user.folder(main=MAIN)
    user.cynthus("up", folder, "-y")
    answer = user.cynthus("down", folder, "-y")
    assert (answer.code, f"warning: removed with the host, and not brought home: {SAID}\n" in answer.err) == (0, True)
