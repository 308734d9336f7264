"""This machine, reached as a host."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pytest

from cynthus.process import Command, run
from cynthus.targets.local.connection import LocalConnection
from cynthus.testing.contracts.connection import ConnectionContract, Reach


class TestLocalConnection(ConnectionContract):
    def reach(self, folder: Path) -> Reach:
        (folder / "host").mkdir()
        return Reach(LocalConnection({"PATH": os.environ["PATH"]}), PurePosixPath(folder / "host"))


def seen(environment: dict[str, str]) -> set[str]:
    """The names of the variables that a command gets."""
    answer = LocalConnection({"PATH": os.environ["PATH"], **environment}).run(("env", "-0"))
    return {line.partition("=")[0] for line in answer.stdout.decode().split("\0") if line}


def test_a_command_gets_the_environment_of_the_user_and_no_other() -> None:
    assert seen({"MINE": "1"}) == {"PATH", "MINE"}


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "PYTHONSTARTUP"])
def test_settings_of_our_own_python_reach_no_other(name: str) -> None:
    assert seen({name: "/nowhere"}) == {"PATH"}


def test_a_command_that_is_not_there_is_an_error_of_the_system() -> None:
    with pytest.raises(FileNotFoundError):
        LocalConnection({"PATH": "/nowhere"}).run(("no-such-program-of-ours",))


def test_its_python_is_ours() -> None:
    assert LocalConnection({}).python == sys.executable


LISTS = """
import os, sys
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from cynthus.targets.local.connection import LocalConnection
os.setuid(654321)
try:
    LocalConnection({}).files(PurePosixPath(sys.argv[1]))
except PermissionError as error:
    print(error.filename)
"""


def test_a_folder_that_may_not_be_read_is_not_taken_for_an_empty_one() -> None:
    if os.getuid():
        pytest.skip("only root can become a user who may not read a folder")
    # Folders of pytest's own are closed to everybody else.
    with TemporaryDirectory() as outputs:
        Path(outputs).chmod(0o755)
        Path(outputs, "closed").mkdir(mode=0o700)
        answer = run(Command((sys.executable, "-c", LISTS, outputs)))
    assert answer.stdout.decode().strip() == f"{outputs}/closed", answer.stderr.decode()


def test_a_very_deep_folder_is_listed() -> None:
    with TemporaryDirectory() as outputs:
        way = "/".join(["d"] * 1500)
        # Python's own ways to make and to remove it give up at such a depth.
        run(Command(("mkdir", "-p", f"{outputs}/{way}")))
        Path(outputs, way, "file").touch()
        found = LocalConnection({}).files(PurePosixPath(outputs))
        run(Command(("rm", "-r", f"{outputs}/d")))
    assert [entry.path for entry in found] == [f"{way}/file"]
