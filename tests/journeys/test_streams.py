"""Runs that are watched through a shell's half-open doors. One deployment, looked at by all tests of this file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, Completed, run
from tests.journeys.user import COMMAND

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User

SAYS = """\
import pathlib, time
for number in range(3):
    print(number, flush=True)
    time.sleep(0.3)
pathlib.Path("outputs").mkdir(exist_ok=True)
pathlib.Path("outputs/count.txt").write_text("3")
"""


@pytest.fixture(scope="module")
def folder(visitor: User) -> Path:
    return visitor.folder(main=SAYS)


def shell(person: User, line: str, folder: Path) -> Completed:
    """What a line of a shell comes to in `folder`; `cynthus` in it is ours."""
    person.home.mkdir(exist_ok=True)
    program = f"cynthus() {{ '{COMMAND[0]}' {' '.join(COMMAND[1:])} \"$@\"; }}; {line}"
    return run(Command(("sh", "-c", program), cwd=folder, env=person.shell()), timeout=120)


def outputs(folder: Path) -> list[str]:
    """The runs whose output is at home."""
    return sorted(path.parent.name for path in folder.glob("outputs/2*/count.txt"))


def test_up_needs_no_stdin(visitor: User, folder: Path) -> None:
    answer = shell(visitor, "cynthus up -y <&-", folder)
    assert (answer.returncode, answer.stdout) == (0, b"0\n1\n2\n"), answer


def test_run_needs_no_stdout(visitor: User, folder: Path) -> None:
    before = outputs(folder)
    answer = shell(visitor, "cynthus run -y >&-", folder)
    assert (answer.returncode, len(outputs(folder)) - len(before)) == (0, 1), answer


def test_a_run_whose_reader_has_gone_is_attended_to_its_end(visitor: User, folder: Path) -> None:
    before = outputs(folder)
    answer = shell(visitor, "{ cynthus run -y; echo code $? >&2; } | head -1", folder)
    assert answer.stdout == b"0\n"
    assert answer.stderr.decode().splitlines()[-1] == "code 0", answer
    assert len(outputs(folder)) - len(before) == 1


def test_a_run_whose_log_finds_no_room_goes_on_and_says_so(visitor: User, folder: Path) -> None:
    answer = shell(visitor, "cynthus run -y >/dev/full", folder)
    last = answer.stderr.decode().splitlines()[-2:]
    assert answer.returncode == 1
    assert last[0].startswith("error [CYN-504]: stdout: no space left; stopped following; run ")
    assert "follows it again" in last[1]


def test_a_log_whose_reader_has_gone_is_let_go(visitor: User, folder: Path) -> None:
    answer = shell(visitor, "{ cynthus logs; echo code $? >&2; } | true", folder)
    assert answer.stderr == b"code 0\n"
