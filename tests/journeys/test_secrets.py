"""A secret reaches main.py and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys.user import WAIT, processes_with, wait_for

if TYPE_CHECKING:
    from tests.journeys.user import Ended, User

SENTINEL = f"sentinel-{os.urandom(8).hex()}"
USES = "import os; print('secret of', len(os.environ['TOKEN']), 'letters')\n"
SPEC = "secrets: [TOKEN]\n"


@pytest.fixture(scope="module")
def up(visitor: User) -> Ended:
    visitor.environment["TOKEN"] = SENTINEL
    return visitor.cynthus("up", visitor.folder(main=USES, cynthus_yaml=SPEC), "-y")


def test_main_py_has_it(up: Ended) -> None:
    assert up.out == f"secret of {len(SENTINEL)} letters\n", up


def test_it_is_in_no_file(up: Ended, visitor: User) -> None:
    found = [path for place in (visitor.place, Path("/dev/shm")) for path in files_with(place, SENTINEL)]
    assert found == [], up


def test_it_is_not_printed(up: Ended) -> None:
    assert SENTINEL not in up.out + up.err


def test_it_is_in_no_process_but_main_py(user: User) -> None:
    user.environment["TOKEN"] = SENTINEL
    folder = user.folder(main=WAIT.format(path=str(user.place / "never")), cynthus_yaml=SPEC)
    assert user.cynthus("up", folder, "-y", "--detach").code == 0
    wait_for(lambda: user.cynthus("logs", folder).out)
    assert [line.strip() for line in processes_with(SENTINEL)] == ["python main.py"]


def test_it_is_in_no_file_while_main_py_runs(user: User) -> None:
    user.environment["TOKEN"] = SENTINEL
    folder = user.folder(main=WAIT.format(path=str(user.place / "never")), cynthus_yaml=SPEC)
    user.cynthus("up", folder, "-y", "--detach")
    assert [path for place in (user.place, Path("/dev/shm")) for path in files_with(place, SENTINEL)] == []


def test_one_that_is_missing_is_asked_for_before_anything_starts(user: User) -> None:
    folder = user.folder(main=USES, cynthus_yaml=SPEC)
    answer = user.cynthus("up", folder, "-y")
    assert answer.code == 2
    assert "TOKEN" in answer.err
    assert not (folder / "infra").exists()


def test_variables_of_env_reach_main_py(user: User) -> None:
    spec = "env: {GREETING: 'hi ${x} $HOME'}\n"
    folder = user.folder(main="import os; print(os.environ['GREETING'])\n", cynthus_yaml=spec)
    assert user.cynthus("up", folder, "-y").out == "hi ${x} $HOME\n"


def files_with(place: Path, word: str) -> list[Path]:
    found = []
    for folder, _, names in os.walk(place):
        for name in names:
            path = Path(folder, name)
            try:
                if path.is_file() and not path.is_symlink() and word.encode() in path.read_bytes():
                    found.append(path)
            except OSError:
                continue
    return found
