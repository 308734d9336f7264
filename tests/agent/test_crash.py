from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import lock
from cynthus.files import write_json
from cynthus.process import Command, CommandTimeout, birth, run
from tests.agent.host import until

if TYPE_CHECKING:
    from tests.agent.host import Host

pytestmark = pytest.mark.crash
WAIT = "import time\nprint('began', flush=True)\ntime.sleep(600)\n"
COUNT = """\
import os, time
n = 0
while not os.path.exists(os.environ["END"]):
    print(n, flush=True)
    n += 1
    time.sleep(0.01)
raise SystemExit(5)
"""


def kill_supervisor(host: Host) -> int:
    pid = int(host.record()["supervisor_pid"])
    os.kill(pid, signal.SIGKILL)
    until(lambda: birth(pid) is None)
    return pid


def beat_agent(host: Host) -> int:
    """The process that writes status.json: the agent's, and not the supervisor."""
    until(lambda: lock.held(host.attempt.agent_lock))
    (found,) = host.agents() - {host.record()["supervisor_pid"]}
    return found


def kill_all_of_the_agent(host: Host) -> None:
    os.kill(beat_agent(host), signal.SIGKILL)
    kill_supervisor(host)


def test_a_killed_supervisor_is_replaced_and_the_run_goes_on(host: Host) -> None:
    host.begin(WAIT)
    host.prints("began")
    main, first = host.record()["pid"], kill_supervisor(host)
    until(lambda: host.record()["supervisor_pid"] != first)
    assert (host.record()["pid"], host.ask("status")["state"]) == (main, "RUNNING")


def test_a_run_without_its_supervisor_still_prints(host: Host) -> None:
    end = host.root / "end"
    host.begin(COUNT, env={"END": str(end)})
    host.prints("5\n")
    kill_all_of_the_agent(host)
    size = len(host.log)
    until(lambda: len(host.log) > size + 50)
    end.touch()
    until(lambda: birth(host.record()["pid"]) is None)
    lines = host.log.splitlines()
    assert lines == [str(number) for number in range(len(lines))]


def test_with_the_whole_agent_killed_the_status_verb_finds_the_run(host: Host) -> None:
    host.begin(WAIT)
    host.prints("began")
    kill_all_of_the_agent(host)
    assert host.ask("status")["state"] == "RUNNING"
    until(lambda: lock.held(host.attempt.lock) and lock.held(host.attempt.agent_lock))


def test_with_the_whole_agent_killed_an_end_is_found(host: Host) -> None:
    end = host.root / "end"
    host.begin(COUNT, env={"END": str(end)})
    host.prints("1\n")
    kill_all_of_the_agent(host)
    end.touch()
    until(lambda: birth(host.record()["pid"]) is None)
    told = host.ask("status")
    assert (told["state"], told["exit_code"], told["signal"]) == ("EXITED", None, None)
    assert "unknown" in told["reason"]


def test_an_end_under_a_new_supervisor_has_no_code_and_says_why(host: Host) -> None:
    host.begin(WAIT)
    host.prints("began")
    first = kill_supervisor(host)
    until(lambda: host.record()["supervisor_pid"] != first)
    os.kill(host.record()["pid"], signal.SIGKILL)
    ended = host.ended()
    assert (ended["exit_code"], "unknown" in ended["reason"]) == (None, True)


def test_a_new_supervisor_ends_the_children_too(host: Host) -> None:
    host.begin("import subprocess\nprint(subprocess.Popen(['setsid', 'sleep', '600']).pid, flush=True)\n" + WAIT)
    host.prints("began")
    kill_all_of_the_agent(host)
    host.ask("stop")
    assert birth(int(host.log.split()[0])) is None


def test_a_new_supervisor_keeps_the_deadline(host: Host) -> None:
    host.begin(WAIT, max_duration=2)
    host.prints("began")
    kill_supervisor(host)
    assert host.ended()["reason"].startswith("deadline")


def test_a_killed_beat_agent_does_not_stop_the_run(host: Host) -> None:
    host.begin(WAIT)
    host.prints("began")
    os.kill(beat_agent(host), signal.SIGKILL)
    until(lambda: not lock.held(host.attempt.agent_lock))
    assert host.ask("status")["state"] == "RUNNING"
    until(lambda: lock.held(host.attempt.agent_lock))


def test_a_killed_main_has_ended_by_that_signal(host: Host) -> None:
    host.begin(WAIT)
    os.kill(host.record()["pid"], signal.SIGKILL)
    assert host.ended()["signal"] == signal.SIGKILL


def test_a_second_status_after_a_crash_says_the_same(host: Host) -> None:
    host.begin(WAIT)
    kill_all_of_the_agent(host)
    os.kill(host.record()["pid"], signal.SIGKILL)
    first = host.ask("status")
    passing = {"beat_at": "", "disk_free_bytes": 0}
    assert {**host.ask("status"), **passing} == {**first, **passing}


def test_a_start_that_was_cut_off_before_its_record_is_made_good_by_the_next(host: Host) -> None:
    host.bring("print('x')")
    # All that such a start leaves: a folder, and a lock that nobody holds.
    host.attempt.folder.mkdir(parents=True)
    host.attempt.lock.touch()
    assert host.ask("start")["changed"]
    assert host.ended()["exit_code"] == 0


def test_a_start_that_was_cut_off_says_so_until_then(host: Host) -> None:
    host.bring("print('x')")
    host.attempt.folder.mkdir(parents=True)
    told = host.ask("status")
    assert (told["state"], "never began" in told["reason"]) == ("EXITED", True)


@pytest.mark.parametrize("after", [0.0, 0.05, 0.1, 0.15, 0.2])
def test_a_start_killed_at_any_moment_can_be_asked_for_again(host: Host, after: float) -> None:
    note = host.root / "note"
    host.spec(env={"NOTE": str(note)})
    host.bring("import os\nopen(os.environ['NOTE'], 'a').write('x')\n")
    with contextlib.suppress(CommandTimeout):
        run(Command(host.argv("start"), env=host.environment), timeout=after + 0.01)
    host.ask("start")
    host.ended()
    assert note.read_text() == "x"


def test_a_half_written_status_harms_nobody(host: Host) -> None:
    host.end("print('x')")
    host.attempt.status.write_text('{"state": "RUN')
    assert host.ask("status")["state"] == "EXITED"
    until(lambda: host.attempt.status.read_text().endswith("}\n"))


def test_after_a_new_start_of_the_machine_the_end_says_so(host: Host) -> None:
    host.begin(WAIT)
    host.prints("began")
    main = int(host.record()["pid"])
    kill_all_of_the_agent(host)
    os.kill(main, signal.SIGKILL)
    until(lambda: birth(main) is None)
    write_json(host.attempt.record, {**host.record(), "boot": "an earlier one"})
    told = host.ask("status")
    assert (told["state"], told["exit_code"], told["reason"]) == ("EXITED", None, "the machine was started again")


def test_a_record_of_an_earlier_version_is_read(host: Host) -> None:
    host.begin(WAIT)
    known = host.record()
    del known["boot"]
    write_json(host.attempt.record, known)
    assert host.ask("status")["state"] == "RUNNING"
