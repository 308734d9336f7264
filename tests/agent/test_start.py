from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from tests.agent.host import RUN, until

if TYPE_CHECKING:
    from tests.agent.host import Host

WAIT = "import time\nprint('began', flush=True)\ntime.sleep(600)\n"
NOTE = "import os, time\nopen(os.environ['NOTE'], 'a').write('x')\ntime.sleep(600)\n"


def test_a_run_prints_into_its_log_and_ends(host: Host) -> None:
    ended = host.end("print('hello')")
    assert (host.log, ended["exit_code"], ended["signal"], ended["reason"]) == ("hello\n", 0, None, "")


def test_stdout_and_stderr_share_the_log(host: Host) -> None:
    host.end("import sys\nprint('out', flush=True)\nprint('err', file=sys.stderr)")
    assert host.log == "out\nerr\n"


def test_the_app_reads_data_and_writes_outputs(host: Host) -> None:
    host.file("data/a.txt", "seven")
    host.end(
        "open('outputs/b.txt', 'w').write(open('data/a.txt').read())",
        data=[{"name": None, "from": "data", "mode": "mount"}],
    )
    assert (host.run.outputs / "b.txt").read_text() == "seven"


def test_checkpoints_are_shared_by_the_runs_of_a_deployment(host: Host) -> None:
    host.end("open('checkpoints/1', 'w').write('x')")
    assert (host.home.checkpoints / "1").is_file()


def test_the_app_works_in_a_copy(host: Host) -> None:
    host.end("open('main.py', 'w').write('changed')")
    assert (host.folder / "main.py").read_text() != "changed"


def test_the_variables_of_the_spec_reach_the_app(host: Host) -> None:
    host.end("import os\nprint(os.environ['A'], os.environ['CYNTHUS_RUN_ID'])", env={"A": "x y\n$z"})
    assert host.log == f"x y\n$z {RUN}\n"


def test_what_is_printed_is_in_the_log_at_once(host: Host) -> None:
    host.begin("import time\nprint('now')\ntime.sleep(600)")
    host.prints("now")


def test_a_second_start_changes_nothing(host: Host) -> None:
    host.begin(NOTE, env={"NOTE": str(host.root / "note")})
    until((host.root / "note").exists)
    again = host.ask("start")
    assert (again["changed"], host.run.attempts()) == (False, [host.attempt])


def test_many_starts_at_once_start_one_run(host: Host) -> None:
    note = host.root / "note"
    host.spec(env={"NOTE": str(note)})
    host.bring(NOTE)
    commands = [host.argv("start")] * 6
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: host.call("start"), commands))
    changed = [json.loads(answer.stdout)["changed"] for answer in answers]
    until(lambda: note.exists() and note.read_text())
    assert (sorted(changed), note.read_text()) == ([False] * 5 + [True], "x")


def test_a_start_after_the_end_starts_nothing(host: Host) -> None:
    host.end("print('once')")
    assert (host.ask("start")["changed"], host.log) == (False, "once\n")


def test_a_second_attempt_is_one_of_its_own(host: Host) -> None:
    host.end("print('x')")
    host.ask("start", "--attempt", "2")
    until(host.run.attempt(2).exit.exists)
    assert [each.number for each in host.run.attempts()] == [1, 2]


def test_a_run_without_a_source_is_not_started(host: Host) -> None:
    assert "the source of run" in host.refused("start")["message"]


def test_a_program_that_is_not_there_is_the_end_of_the_run(host: Host) -> None:
    ended = host.end("", command=["no-such-program"])
    assert (ended["exit_code"], "no-such-program" in ended["reason"]) == (127, True)


def test_a_program_that_may_not_be_run_is_the_end_of_the_run(host: Host) -> None:
    assert "permission denied" in host.end("", command=["./main.py"])["reason"]


def test_the_run_outlives_who_started_it(host: Host) -> None:
    # `start` came back, so its process is gone; a run tied to it would be gone too.
    host.begin(WAIT)
    host.prints("began")
    assert host.ask("status")["state"] == "RUNNING"


def test_a_run_has_no_terminal_and_no_input(host: Host) -> None:
    host.end("import sys, os\nprint(repr(sys.stdin.read()), os.getsid(0) == os.getpid())")
    assert host.log == "'' True\n"


def test_a_run_has_only_its_own_files_open(host: Host) -> None:
    host.end("import os\nprint(sorted(map(int, os.listdir('/proc/self/fd')))[:4])")
    # The fourth is the listing itself.
    assert host.log == "[0, 1, 2, 3]\n"


def test_signals_are_as_a_program_expects_them(host: Host) -> None:
    host.end(
        "import signal\n"
        "print([n for n in (1, 2, 3, 15, 17) if signal.getsignal(n) not in (0, signal.default_int_handler)])\n"
        "print(signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    )
    assert host.log == "[]\nset()\n"


def test_the_status_is_the_contract(host: Host) -> None:
    ended = host.end("print('x')")
    times = [datetime.fromisoformat(ended.pop(name)) for name in ("started_at", "beat_at", "ended_at")]
    pid = ended.pop("pid")
    assert ended.pop("disk_free_bytes") > 0
    assert ended == {
        "schema": 1, "run_id": RUN, "attempt": 1, "rank": 0, "state": "EXITED", "exit_code": 0, "signal": None,
        "reason": "", "bytes_logged": 2, "bytes_synced": 2, "bytes_behind": 0, "gpus": [],
        "sync": None, "idle_since": None, "departure": None, "phase": "", "warning": "", "ports": [],
    }  # fmt: skip
    assert pid > 1
    assert all(time.utcoffset() is not None for time in times)


def test_the_heart_beats(host: Host) -> None:
    host.begin(WAIT)
    first = host.told()["beat_at"]
    until(lambda: host.told()["beat_at"] > first)


def test_the_status_verb_says_what_the_file_will(host: Host) -> None:
    host.end("print('x')")
    told, asked = host.told(), host.ask("status")
    at = {"beat_at": "", "disk_free_bytes": 0}
    assert {**told, **at} == {**asked, **at}


def test_a_run_that_never_started_has_no_status(host: Host) -> None:
    host.bring("")
    assert host.refused("status")["code"] == "CYN-501"


def test_a_source_with_something_of_its_own_where_the_data_goes_is_refused(host: Host) -> None:
    host.file("src/data/x", "mine")
    host.file("elsewhere/y")
    host.spec(source="src", data=[{"name": None, "from": "elsewhere", "mode": "mount"}])
    host.ask("environment")
    host.ask("source")
    assert "'data' of its own" in host.refused("start")["message"]
