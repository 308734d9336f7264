from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.process import birth
from tests.agent.host import until

if TYPE_CHECKING:
    from tests.agent.host import Host

WAIT = "import time\nprint('began', flush=True)\ntime.sleep(600)\n"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAIT
FAMILY = """\
import os, subprocess, sys
own = subprocess.Popen(["sleep", "600"])
apart = subprocess.Popen(["sleep", "601"], start_new_session=True)
ear, mouth = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(mouth, str(os.getpid()).encode())
        os.execvp("sleep", ["sleep", "602"])
    os._exit(0)
os.wait()
print("daemon", os.read(ear, 20).decode())
print("children", own.pid, apart.pid, flush=True)
"""


def test_the_exit_code_of_main_is_told(host: Host) -> None:
    assert host.end("raise SystemExit(3)")["exit_code"] == 3


def test_a_signal_is_told_apart_from_an_exit_code(host: Host) -> None:
    ended = host.end("import os\nos.kill(os.getpid(), 9)")
    assert (ended["exit_code"], ended["signal"]) == (None, 9)


def test_a_traceback_is_in_the_log(host: Host) -> None:
    host.end("1 / 0")
    assert "ZeroDivisionError" in host.log


def test_bytes_that_are_no_text_arrive_as_they_are(host: Host) -> None:
    host.end("import os\nos.write(1, bytes(range(256)))")
    assert host.attempt.log.read_bytes() == bytes(range(256))


def test_a_million_lines_arrive_in_order(host: Host) -> None:
    host.end("print('\\n'.join(map(str, range(1_000_000))))")
    assert host.attempt.log.read_bytes() == b"".join(b"%d\n" % number for number in range(1_000_000))


def test_children_end_with_the_run(host: Host) -> None:
    host.end(FAMILY)
    pids = [int(word) for word in host.log.split() if word.isdigit()]
    assert (len(pids), [birth(pid) for pid in pids]) == (3, [None] * 3)


def test_children_end_with_a_stopped_run(host: Host) -> None:
    host.begin(FAMILY + WAIT)
    host.prints("began")
    host.ask("stop")
    pids = [int(word) for word in host.log.split() if word.isdigit()]
    assert (len(pids), [birth(pid) for pid in pids]) == (3, [None] * 3)


def test_children_that_ignore_sigterm_end_too(host: Host) -> None:
    host.end(
        "import os, signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen(['sleep', '600']).pid)",
        stop_grace=0.2,
    )
    assert birth(int(host.log)) is None


def test_a_stop_ends_the_run_and_says_why(host: Host) -> None:
    host.begin(WAIT)
    assert host.ask("stop", "--reason", "cancelled: no more money")["changed"]
    assert (host.ended()["signal"], host.ended()["reason"]) == (signal.SIGTERM, "cancelled: no more money")


def test_a_stop_gives_main_the_time_to_end_by_itself(host: Host) -> None:
    host.begin("import signal, sys\nsignal.signal(15, lambda *_: sys.exit(7))\n" + WAIT)
    host.prints("began")
    host.ask("stop")
    assert host.ended()["exit_code"] == 7


def test_a_main_that_ignores_sigterm_is_killed_after_its_grace(host: Host) -> None:
    host.begin(DEAF, stop_grace=0.5)
    host.prints("began")
    began = time.monotonic()
    host.ask("stop")
    assert host.ended()["signal"] == signal.SIGKILL
    assert 0.5 <= time.monotonic() - began < 10


def test_a_main_that_is_suspended_ends_too(host: Host) -> None:
    host.begin(WAIT)
    host.prints("began")
    os.kill(host.record()["pid"], signal.SIGSTOP)
    host.ask("stop")
    assert host.ended()["signal"] == signal.SIGTERM


def test_a_second_stop_changes_nothing(host: Host) -> None:
    host.begin(WAIT)
    host.ask("stop")
    assert not host.ask("stop")["changed"]


def test_a_stop_after_the_end_changes_nothing(host: Host) -> None:
    ended = host.end("print('x')")
    assert (host.ask("stop")["changed"], host.told()["exit_code"]) == (False, ended["exit_code"])


def test_a_run_that_was_stopped_before_it_began_never_begins(host: Host) -> None:
    host.bring("print('x')")
    host.ask("stop", "--reason", "cancelled: changed my mind")
    refused = host.refused("start")
    assert "changed my mind" in refused["message"]
    assert not host.attempt.record.exists()


def test_an_attempt_that_was_stopped_leaves_room_for_the_next(host: Host) -> None:
    host.begin(WAIT)
    host.ask("stop", "--attempt", "1")
    assert host.ask("start", "--attempt", "2")["changed"]


def test_a_stop_where_nothing_is_changes_nothing(host: Host) -> None:
    assert not host.ask("stop")["changed"]


def test_the_deadline_ends_a_run(host: Host) -> None:
    ended = host.end(WAIT, max_duration=0.5)
    assert (ended["signal"], ended["reason"].partition(":")[0]) == (signal.SIGTERM, "deadline")


def test_a_run_within_its_time_knows_no_deadline(host: Host) -> None:
    assert host.end("print('x')", max_duration=600)["reason"] == ""


def test_sigterm_to_the_supervisor_ends_the_run(host: Host) -> None:
    host.begin(WAIT)
    os.kill(host.record()["supervisor_pid"], signal.SIGTERM)
    assert host.ended()["reason"].startswith("cancelled")


def test_nothing_of_ours_runs_after_the_end(host: Host) -> None:
    host.end("print('x')")
    until(lambda: not host.processes())


@pytest.mark.slow
def test_the_supervisor_stays_small_whatever_is_printed(host: Host) -> None:
    host.begin("for n in range(3_000_000): print(n, 'x' * 90)\nimport time\ntime.sleep(600)")
    until(lambda: host.attempt.log.stat().st_size > 250_000_000, seconds=120)
    status = Path(f"/proc/{host.record()['supervisor_pid']}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak < 100_000


REPLACED = """\
import os, pathlib
os.unlink({place!r})
os.makedirs({place!r} + "/deep")
pathlib.Path({place!r}, "deep/model.bin").write_text("weights")
pathlib.Path({place!r}, "empty").mkdir()
pathlib.Path({place!r}, "latest").symlink_to("deep")
"""


@pytest.mark.parametrize("place", ["outputs", "checkpoints"])
def test_a_folder_that_main_made_in_the_place_of_ours_is_not_lost(host: Host, place: str) -> None:
    host.end(REPLACED.format(place=place))
    folder = host.run.outputs if place == "outputs" else host.home.checkpoints
    assert (folder / "deep/model.bin").read_text() == "weights"
    assert str((folder / "latest").readlink()) == "deep"


def test_exec_finds_outputs_where_main_left_them(host: Host) -> None:
    host.end(REPLACED.format(place="outputs"))
    assert (host.run.app / "outputs/deep/model.bin").read_text() == "weights"
