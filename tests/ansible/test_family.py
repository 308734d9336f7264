"""The processes of a play are found and ended, wherever they went."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING

import pytest

from cynthus.ansible.family import Family
from cynthus.process import Command, kill_group, start
from tests.ansible.workbench import eventually, gone, recorded_pid

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="families are found by /proc")

PARENT = """
import os, signal, subprocess, sys, time
script, session, deaf = sys.argv[1], sys.argv[2] == "session", sys.argv[3] == "deaf"
if deaf:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sh", "-c", "echo $$ > " + script + "; exec sleep 1000"], start_new_session=session)
time.sleep(1000)
"""


@pytest.fixture
def quiet() -> Iterator[IO[bytes]]:
    with open(os.devnull, "wb") as stream:
        yield stream


def parent(
    tmp_path: Path, quiet: IO[bytes], mark: str, *, session: bool = False, deaf: bool = False
) -> subprocess.Popen[bytes]:
    """A process with MARK=`mark` and a child that writes its pid to `tmp_path/mark`."""
    argv = (sys.executable, "-c", PARENT, str(tmp_path / mark), "session" if session else "", "deaf" if deaf else "")
    command = Command(argv, env={**os.environ, "MARK": mark})
    return start(command, stdout=quiet, stderr=quiet)


def family_of(mark: str) -> Family:
    family = Family(f"MARK={mark}")
    family.look()
    return family


def test_children_belong_to_the_family(tmp_path: Path, quiet: IO[bytes]) -> None:
    process = parent(tmp_path, quiet, "one")
    child = recorded_pid(tmp_path / "one")
    family = family_of("one")
    found = {member.pid for member in family.members}
    family.end(patience=5)
    process.wait()
    assert found == {process.pid, child}


def test_a_child_in_a_session_of_its_own_is_ended_too(tmp_path: Path, quiet: IO[bytes]) -> None:
    process = parent(tmp_path, quiet, "one", session=True)
    child = recorded_pid(tmp_path / "one")
    family_of("one").end(patience=5)
    process.wait()
    assert eventually(lambda: gone(child))


def test_a_child_whose_parent_died_is_still_known(tmp_path: Path, quiet: IO[bytes]) -> None:
    process = parent(tmp_path, quiet, "one", session=True)
    child = recorded_pid(tmp_path / "one")
    family = family_of("one")
    kill_group(process.pid)
    process.wait()
    family.look()
    family.end(patience=5)
    assert eventually(lambda: gone(child))


def test_who_does_not_listen_is_killed(tmp_path: Path, quiet: IO[bytes]) -> None:
    process = parent(tmp_path, quiet, "one", deaf=True)
    recorded_pid(tmp_path / "one")
    family_of("one").end(patience=0.1)
    assert process.wait() == -9


def test_another_play_is_left_alone(tmp_path: Path, quiet: IO[bytes]) -> None:
    mine, other = parent(tmp_path, quiet, "mine"), parent(tmp_path, quiet, "other")
    for mark in ("mine", "other"):
        recorded_pid(tmp_path / mark)
    family_of("mine").end(patience=5)
    mine.wait()
    spared = not gone(other.pid)
    family_of("other").end(patience=5)
    other.wait()
    assert spared


def test_a_family_of_nobody_has_nobody_to_end() -> None:
    family = family_of("nobody has this mark")
    family.interrupt()
    family.end(patience=0)
    assert family.members == set()
