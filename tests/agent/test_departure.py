"""A machine of a simulated Google Cloud deletes itself, and only itself, once its run has ended and all is saved."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import lock
from tests.agent.cloud import ALIKE, MINE, Cloud, cloud
from tests.agent.host import Host, until
from tests.gcp.api import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cloud"]

WAIT = "import os, time\nwhile not os.path.exists('outputs/go'):\n    time.sleep(0.02)\n"
DONE = "open('outputs/x', 'w').write('x')\n"


@pytest.fixture(autouse=True)
def _nobody(host: Host) -> None:
    """Nobody is logged in, whoever runs the tests."""
    programs = host.root / "programs"
    programs.mkdir()
    (programs / "who").write_text("#!/bin/sh\n")
    (programs / "who").chmod(0o755)
    host.environment["PATH"] = f"{programs}:{os.environ['PATH']}"


def gone(cloud: Cloud) -> Callable[[], bool]:
    return lambda: MINE not in cloud.there()


def stays(cloud: Cloud, seconds: float = 2) -> bool:
    """Whether nobody asks for the machine's end, for longer than it would take."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not cloud.deletions():
        time.sleep(0.05)
    return not cloud.deletions()


def departure(host: Host) -> dict[str, Any]:
    return dict(host.told()["departure"] or {"at": None, "reason": "", "problem": ""})


def saved(host: Host) -> None:
    until(lambda: host.told()["state"] == "EXITED" and host.told()["sync"]["state"] == "saved", seconds=60)


def waiter(host: Host) -> int | None:
    """The process that waits for the moment, by proc_locks(5)."""
    file = host.home.departure_lock
    inode = f":{file.stat().st_ino}" if file.exists() else "none"
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return next((int(words[4]) for words in lines if words[1] == "FLOCK" and words[5].endswith(inode)), None)


def test_a_machine_deletes_itself_and_only_itself_once_and_what_is_left_says_why(host: Host, cloud: Cloud) -> None:
    host.end(DONE, **cloud.changes)
    for _ in range(3):
        host.ask("status")
    until(gone(cloud))
    time.sleep(1)
    assert (cloud.there(), cloud.deletions()) == ([ALIKE], [MINE])
    kept = cloud.kept(host)
    assert (kept["exit_code"], kept["sync"]["state"]) == (0, "saved")
    assert kept["departure"]["reason"] == "departed: saved, and idle for 1 s"


def test_a_machine_that_is_kept_stays(host: Host, cloud: Cloud) -> None:
    host.end(DONE, **{**cloud.changes, "linger": None})
    assert (stays(cloud), host.told()["departure"], host.home.departure_lock.exists()) == (True, None, False)


def test_one_that_is_killed_while_the_run_goes_on_comes_back(host: Host, cloud: Cloud) -> None:
    host.begin(WAIT, **cloud.changes)
    until(partial(waiter, host))
    first = waiter(host)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: waiter(host) not in (None, first))
    assert not cloud.deletions()
    (host.run.outputs / "go").touch()
    until(gone(cloud))


def test_one_that_is_killed_after_the_end_comes_back_when_somebody_looks(host: Host, cloud: Cloud) -> None:
    host.end(DONE, **{**cloud.changes, "linger": 3})
    saved(host)
    pid = waiter(host)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert stays(cloud)
    host.ask("status")
    until(gone(cloud))


def test_what_is_not_saved_keeps_it(host: Host, cloud: Cloud) -> None:
    host.begin(WAIT, **cloud.changes)
    until(lambda: host.told()["sync"]["files_behind"] == 0)
    cloud.simulated.deny(ACCOUNT, "storage.objects.create")
    (host.run.outputs / "go").touch()
    until(lambda: host.told()["state"] == "EXITED" and "not saved yet" in departure(host)["problem"])
    assert stays(cloud)
    cloud.simulated.deny(ACCOUNT)
    until(gone(cloud), seconds=60)


def test_a_command_beside_it_keeps_it(host: Host, cloud: Cloud) -> None:
    host.begin(WAIT, **cloud.changes)
    until(host.home.used.exists)
    waits = "import os, time\nwhile not os.path.exists('enough'): time.sleep(0.02)"
    words = host.argv("exec", "--", "python", "-c", waits)
    pid = os.spawnve(os.P_NOWAIT, host.python[0], words, host.environment)
    until(lambda: lock.held(host.home.visitors_lock))
    (host.run.outputs / "go").touch()
    saved(host)
    assert stays(cloud)
    (host.run.app / "enough").touch()
    os.waitpid(pid, 0)
    until(gone(cloud))


def test_the_next_run_may_keep_it(host: Host, cloud: Cloud) -> None:
    host.end(DONE, **{**cloud.changes, "linger": 2})
    host.spec(linger=None)
    host.ask("start", "--attempt", "2")
    until(lambda: waiter(host) is None)
    assert stays(cloud, 3)


def test_a_removal_does_not_wait_for_it(host: Host, cloud: Cloud) -> None:
    host.end(DONE, **{**cloud.changes, "linger": 600})
    assert host.ask("remove")["changed"]
    until(lambda: not host.processes())
