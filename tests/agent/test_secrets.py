from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import memory
from tests.agent.host import about, pids, until

if TYPE_CHECKING:
    from tests.agent.host import Host

SENTINEL = "sentinel-" + os.urandom(8).hex()
WAIT = "import os, time\nprint(len(os.environ['TOKEN']), flush=True)\ntime.sleep(600)\n"


def send(host: Host, **values: str) -> dict[str, object]:
    return host.ask("secrets", stdin=json.dumps(values).encode())


def waiting(host: Host) -> Path:
    return memory.secrets_folder(host.environment, host.home.deployment)


@pytest.fixture
def running(host: Host) -> Host:
    """A run that has got the sentinel."""
    host.spec(secrets=["TOKEN"])
    host.bring(WAIT)
    send(host, TOKEN=SENTINEL)
    host.ask("start")
    host.prints("\n")
    return host


def test_a_secret_reaches_main_as_a_variable(host: Host) -> None:
    host.spec(secrets=["TOKEN"])
    host.bring("import os\nprint(os.environ['TOKEN'])")
    send(host, TOKEN="a 'b' \"c\"\n$d é")
    host.ask("start")
    host.ended()
    assert host.log == "a 'b' \"c\"\n$d é\n"


def test_only_the_secrets_that_the_spec_names_reach_main(host: Host) -> None:
    host.spec(secrets=["TOKEN"])
    host.bring("import os\nprint('OTHER' in os.environ)")
    send(host, TOKEN="x", OTHER="y")
    host.ask("start")
    host.ended()
    assert host.log == "False\n"


def test_a_missing_secret_stops_the_start_before_anything_runs(host: Host) -> None:
    host.spec(secrets=["TOKEN"])
    host.bring("print('x')")
    refused = host.refused("start")
    assert (refused["code"], "TOKEN" in refused["message"]) == ("CYN-134", True)
    assert not host.attempt.log.exists()


def test_after_a_missing_secret_the_start_can_be_asked_for_again(host: Host) -> None:
    host.spec(secrets=["TOKEN"])
    host.bring("print('x')")
    host.refused("start")
    send(host, TOKEN="x")
    assert host.ask("start")["changed"]


def test_no_file_of_the_deployment_holds_a_secret(running: Host) -> None:
    files = [file for file in running.root.rglob("*") if file.is_file() and not file.is_symlink()]
    assert files
    assert not [file for file in files if SENTINEL.encode() in file.read_bytes()]


def test_no_file_in_memory_holds_a_secret_once_main_has_it(running: Host) -> None:
    assert not list(waiting(running).iterdir())


def test_no_process_but_mains_shows_a_secret(running: Host) -> None:
    shown = {pid for pid in pids() if SENTINEL.encode() in about(pid)}
    assert shown <= {running.record()["pid"]}


def test_a_secret_waits_where_only_its_user_can_read_it(host: Host) -> None:
    host.bring("")
    send(host, TOKEN=SENTINEL)
    (file,) = waiting(host).iterdir()
    folders = [file.parent, file.parent.parent, file.parent.parent.parent]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(each.stat().st_mode) for each in folders} == {0o700}


def test_sending_the_same_again_changes_nothing(host: Host) -> None:
    host.bring("")
    assert [send(host, TOKEN="x")["changed"] for _ in range(2)] == [True, False]


@pytest.mark.parametrize("text", ["SECRET is no JSON", '["SECRET"]', '{"SECRET": 1}', "\udcff"])
def test_what_makes_no_sense_is_refused_without_repeating_it(host: Host, text: str) -> None:
    host.bring("")
    answer = host.call("secrets", stdin=text.replace("SECRET", SENTINEL).encode(errors="surrogateescape"))
    assert answer.returncode == 1
    assert SENTINEL.encode() not in answer.stdout + answer.stderr


def test_a_command_beside_main_gets_no_secret(running: Host) -> None:
    answer = running.call("exec", "--", "python", "-c", "import os; print('TOKEN' in os.environ)")
    assert answer.stdout == b"False\n"


def test_removing_the_deployment_removes_secrets_that_wait(host: Host) -> None:
    host.bring("")
    send(host, TOKEN="x")
    host.ask("remove")
    assert not waiting(host).exists()


def test_secrets_go_to_the_temporary_folder_where_there_is_no_memory_folder_of_ours(tmp_path: Path) -> None:
    folder = memory.folder({"TMPDIR": str(tmp_path)})
    assert folder.parent in (Path("/dev/shm"), tmp_path)


def test_a_killed_supervisor_leaves_no_secret_behind(running: Host) -> None:
    os.kill(running.record()["supervisor_pid"], 9)
    until(lambda: running.record()["supervisor_pid"] in running.processes())
    shown = {pid for pid in pids() if SENTINEL.encode() in about(pid)}
    assert shown <= {running.record()["pid"]}
