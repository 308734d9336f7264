"""Which process is which, and whether it is still there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from cynthus.process import Command, alive, birth, kill_group
from tests.processes import pid_in, sh, started, wait_for


def test_a_group_is_signalled_as_a_whole(tmp_path: Path) -> None:
    with started(sh('sleep 600 & echo $! > "$1"; wait', str(tmp_path / "pid"))) as process:
        child = pid_in(tmp_path / "pid")
        kill_group(process.pid, signal.SIGTERM)
        process.wait()
    wait_for(lambda: birth(child) is None, "the end of the child")


def test_a_group_that_is_gone_is_fine() -> None:
    with started(Command(("true",))) as process:
        process.wait()
        kill_group(process.pid)


def test_our_own_birth_stays_the_same() -> None:
    assert birth(os.getpid()) == birth(os.getpid()) is not None


def test_two_processes_are_born_at_different_times() -> None:
    assert birth(os.getpid()) != birth(1)


def test_a_zombie_is_gone() -> None:
    with started(Command(("true",))) as process:
        wait_for(lambda: birth(process.pid) is None, "the end of it")
        assert Path(f"/proc/{process.pid}").exists(), "it is still to be waited for"


def test_a_pid_that_was_never_given_has_no_birth() -> None:
    assert birth(1 << 30) is None


def test_a_name_with_brackets_and_spaces_does_not_confuse(tmp_path: Path) -> None:
    odd = tmp_path / ") Z 1 (x"
    odd.symlink_to("/bin/sleep")
    with started(Command((str(odd), "600"))) as process:
        assert (birth(process.pid) or "").isdigit()


def test_who_has_died_is_not_alive() -> None:
    with started(Command(("sleep", "600"))) as process:
        born = birth(process.pid) or ""
        before = alive(process.pid, born)
        process.kill()
        process.wait()
    assert (before, alive(process.pid, born)) == (True, False)


def test_who_only_has_the_pid_is_somebody_else() -> None:
    assert not alive(os.getpid(), "1")
