"""However a play ends, nothing of it is left running."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cynthus.ansible.family import process_table
from cynthus.errors import AnsibleTimeout
from cynthus.process import Command, start
from tests.ansible.workbench import command, eventually, gone, recorded_pid, settings_in, stage

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="families are found by /proc")

PLAYER = """
import os, sys, threading
from pathlib import Path
from cynthus import settings
from cynthus.ansible.adapter import AnsibleRunner
from cynthus.errors import CynthusError

folder = Path(sys.argv[1])
own = settings.read(os.environ)._replace(tmpfs=folder / "tmpfs")
runner = AnsibleRunner(own, grace=float(sys.argv[2]))
try:
    runner.play(
        folder / "playbook.yml", inventory=folder / "hosts.yml", extravars={},
        activity=lambda task: print(task, flush=True),
    )
except CynthusError as error:
    print(type(error).__name__, error.message, flush=True)
"""


@contextmanager
def player(folder: Path, *, grace: float = 10) -> Iterator[subprocess.Popen[bytes]]:
    """A process that plays the playbook in `folder` and says in `folder/said` how it went."""
    with open(folder / "said", "wb") as said:
        process = start(Command((sys.executable, "-c", PLAYER, str(folder), str(grace))), stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.kill()
            process.wait(timeout=60)


def sleeper(folder: Path, how: str = "exec sleep 1000") -> dict[str, object]:
    """A task that writes the pid of its shell to `folder/pid` and then sleeps."""
    return command("Sleep long", "sh", "-c", f'echo $$ > "{folder}/pid"; {how}')


def said(folder: Path) -> str:
    return (folder / "said").read_text()


def folders_of_plays(folder: Path) -> list[str]:
    return [path.name for path in (folder / "tmpfs/ansible").iterdir()]


def children_of(pid: int) -> set[int]:
    """All that descends from `pid`."""
    table = process_table()
    found, grown = {pid}, True
    while grown:
        more = {process.pid for process in table if process.parent in found} - found
        found |= more
        grown = bool(more)
    return found - {pid}


def test_a_ctrl_c_ends_the_task_and_all_that_belongs_to_it(tmp_path: Path) -> None:
    stage(tmp_path, [sleeper(tmp_path)])
    with player(tmp_path) as process:
        task = recorded_pid(tmp_path / "pid")
        family = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert task in family
    assert [pid for pid in family if not gone(pid)] == []


def test_a_ctrl_c_is_said_to_be_one_and_at_which_task(tmp_path: Path) -> None:
    stage(tmp_path, [sleeper(tmp_path)])
    with player(tmp_path) as process:
        recorded_pid(tmp_path / "pid")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert (
        said(tmp_path).splitlines()[-1].startswith("Interrupted interrupted while Ansible was at work at 'Sleep long'")
    )


def test_a_ctrl_c_leaves_no_files(tmp_path: Path) -> None:
    stage(tmp_path, [sleeper(tmp_path)])
    with player(tmp_path) as process:
        recorded_pid(tmp_path / "pid")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert folders_of_plays(tmp_path) == []


def test_a_ctrl_c_while_ansible_starts_leaves_nothing_either(tmp_path: Path) -> None:
    stage(tmp_path, [sleeper(tmp_path)])
    with player(tmp_path) as process:
        assert eventually(lambda: children_of(process.pid))
        family = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert said(tmp_path).splitlines()[-1].startswith("Interrupted")
    assert [pid for pid in family if not gone(pid)] == []


def test_a_task_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    stage(tmp_path, [sleeper(tmp_path, "trap '' INT TERM; while :; do sleep 1000; done")])
    with player(tmp_path) as process:
        task = recorded_pid(tmp_path / "pid")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert gone(task)


def test_a_task_in_a_session_of_its_own_is_ended(tmp_path: Path) -> None:
    hidden = f'echo $$ > "{tmp_path}/pid"; exec sleep 1000'
    stage(tmp_path, [command("Hide", "setsid", "--wait", "sh", "-c", hidden)])
    with player(tmp_path) as process:
        task = recorded_pid(tmp_path / "pid")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert eventually(lambda: gone(task))


def test_a_second_ctrl_c_does_not_wait_for_an_ansible_that_hangs(tmp_path: Path) -> None:
    stage(tmp_path, [sleeper(tmp_path)])
    with player(tmp_path, grace=1000) as process:
        task = recorded_pid(tmp_path / "pid")
        family = children_of(process.pid)
        ansible = min(family)
        os.kill(ansible, signal.SIGSTOP)  # it hears nothing now
        process.send_signal(signal.SIGINT)
        assert eventually(lambda: "stopping" in said(tmp_path))
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert [pid for pid in (ansible, task) if not gone(pid)] == []


def test_what_has_left_the_play_of_its_own_accord_goes_on(tmp_path: Path) -> None:
    daemon = f"setsid -f sh -c 'echo $$ > \"{tmp_path}/daemon\"; exec sleep 1000' >/dev/null 2>&1 </dev/null"
    stage(tmp_path, [command("Start a daemon", "sh", "-c", daemon), sleeper(tmp_path)])
    with player(tmp_path) as process:
        recorded_pid(tmp_path / "pid")
        pid = recorded_pid(tmp_path / "daemon")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    alive = not gone(pid)
    if alive:
        os.kill(pid, signal.SIGKILL)
    assert alive


def test_a_play_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    staged = stage(tmp_path, [sleeper(tmp_path)], settings=settings_in(tmp_path, timeout=2))
    with pytest.raises(AnsibleTimeout, match="within 2 s"):
        staged.play()


def test_a_play_that_took_too_long_leaves_nothing_running(tmp_path: Path) -> None:
    staged = stage(tmp_path, [sleeper(tmp_path)], settings=settings_in(tmp_path, timeout=2))
    with pytest.raises(AnsibleTimeout):
        staged.play()
    assert not (tmp_path / "pid").exists() or gone(recorded_pid(tmp_path / "pid"))


def test_an_error_while_events_are_handled_stops_the_play(tmp_path: Path) -> None:
    def broken(_: str) -> None:
        recorded_pid(tmp_path / "pid")
        raise KeyError("a defect")

    with pytest.raises(KeyError):
        stage(tmp_path, [sleeper(tmp_path)]).play(broken)
    assert gone(recorded_pid(tmp_path / "pid"))


def test_what_a_killed_cynthus_left_is_swept_by_the_next_play(tmp_path: Path) -> None:
    stage(tmp_path, [sleeper(tmp_path)])
    with player(tmp_path) as process:
        recorded_pid(tmp_path / "pid")
        left = folders_of_plays(tmp_path)
        process.kill()
        process.wait(timeout=60)
    stage(tmp_path, [command("Pass", "true")]).play()
    assert (len(left), folders_of_plays(tmp_path)) == (1, [])


def test_the_play_of_a_killed_cynthus_is_ended_by_the_next_one(tmp_path: Path) -> None:
    stage(tmp_path, [sleeper(tmp_path)])
    with player(tmp_path) as process:
        task = recorded_pid(tmp_path / "pid")
        family = children_of(process.pid)
        process.kill()
        process.wait(timeout=60)
    stage(tmp_path, [command("Pass", "true")]).play()
    assert task in family
    assert [pid for pid in family if not gone(pid)] == []


def test_the_play_of_a_killed_cynthus_can_be_ended_without_a_new_one(tmp_path: Path) -> None:
    staged = stage(tmp_path, [sleeper(tmp_path)])
    with player(tmp_path) as process:
        task = recorded_pid(tmp_path / "pid")
        process.kill()
        process.wait(timeout=60)
    staged.ansible.end_leftovers()
    assert (gone(task), folders_of_plays(tmp_path)) == (True, [])


def test_the_play_of_a_living_cynthus_is_left_alone(tmp_path: Path) -> None:
    staged = stage(tmp_path, [sleeper(tmp_path)])
    with player(tmp_path) as process:
        task = recorded_pid(tmp_path / "pid")
        staged.ansible.end_leftovers()
        there = not gone(task), len(folders_of_plays(tmp_path))
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert there == (True, 1)


def test_what_left_the_play_of_a_killed_cynthus_goes_on(tmp_path: Path) -> None:
    daemon = f"setsid -f sh -c 'echo $$ > \"{tmp_path}/daemon\"; exec sleep 1000' >/dev/null 2>&1 </dev/null"
    stage(tmp_path, [command("Start a daemon", "sh", "-c", daemon), sleeper(tmp_path)])
    with player(tmp_path) as process:
        recorded_pid(tmp_path / "pid")
        pid = recorded_pid(tmp_path / "daemon")
        process.kill()
        process.wait(timeout=60)
    stage(tmp_path, [command("Pass", "true")]).play()
    alive = not gone(pid)
    if alive:
        os.kill(pid, signal.SIGKILL)
    assert alive
