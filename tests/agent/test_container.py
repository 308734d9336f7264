from __future__ import annotations

import json
import os
import signal
import tarfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import memory
from cynthus.agent.container_room import name_of
from tests.agent.elsewhere import asking
from tests.agent.host import Host, about, pids, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker_engine import DockerEngine

pytestmark = pytest.mark.engine
WAIT = "import time\nprint('began', flush=True)\ntime.sleep(600)\n"
SENTINEL = "sentinel-" + os.urandom(8).hex()
DATA = [{"name": None, "from": "data", "mode": "mount"}]


@pytest.fixture
def host(container_host: Host) -> Host:
    return container_host


def send(host: Host) -> None:
    host.ask("secrets", stdin=json.dumps({"TOKEN": SENTINEL}).encode())


def inspected(host: Host, engine: DockerEngine) -> str:
    return engine.docker("inspect", name_of(host.attempt)).stdout.decode()


def kept_below(place: Path) -> Iterator[bytes]:
    """What all files below `place` hold."""
    # dockerd mounts namespaces there (a container on the machine's own network leaves one for good). They count as
    # regular files, and reading one is EINVAL.
    namespaces = Path("/proc/self/ns/net").stat().st_dev
    for folder, _, names in os.walk(place):
        for file in (Path(folder, name) for name in names):
            with suppress(FileNotFoundError):  # the agent and dockerd replace theirs while we look
                if file.is_file() and file.stat().st_dev != namespaces:
                    yield file.read_bytes()


def test_a_run_prints_into_its_log_and_ends(host: Host) -> None:
    ended = host.end("import sys\nprint('out', flush=True)\nprint('err', file=sys.stderr)\nsys.exit(3)")
    assert (host.log, ended["exit_code"], ended["signal"]) == ("out\nerr\n", 3, None)


def test_the_app_reads_data_and_writes_outputs_and_checkpoints(host: Host) -> None:
    host.file("data/a", "seven")
    host.end(
        "x = open('data/a').read()\nopen('outputs/b', 'w').write(x)\nopen('checkpoints/c', 'w').write(x)", data=DATA
    )
    written = [(host.run.outputs / "b").read_text(), (host.home.checkpoints / "c").read_text()]
    assert written == ["seven", "seven"], host.log


def test_data_cannot_be_written_to(host: Host) -> None:
    host.file("data/a", "seven")
    ended = host.end("open('data/a', 'w')", data=DATA)
    assert (ended["exit_code"], "Read-only file system" in host.log) == (1, True)


def test_several_entries_lie_side_by_side_and_a_file_keeps_its_name(host: Host) -> None:
    host.file("one/a", "1")
    host.file("two.csv", "2")
    host.end(
        "print(open('data/x/a').read(), open('data/y/two.csv').read())",
        data=[{"name": "x", "from": "one", "mode": "copy"}, {"name": "y", "from": "two.csv", "mode": "mount"}],
    )
    assert host.log == "1 2\n"


def test_a_model_is_there_to_read_and_its_librarys_cache_to_write_to(host: Host) -> None:
    one = asking("me/tiny", scheme="hf", kind="model", pin="c0ffee", text="hf://me/tiny")
    folder = host.home.models / one.id
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("tiny")
    main = """\
import os
hub = os.environ["HF_HUB_CACHE"]
print(open("models/small/config.json").read())
print(open(f"{hub}/models--me--tiny/snapshots/c0ffee/config.json").read())
os.makedirs(f"{hub}/models--others")
"""
    host.end(main, models=[{"name": "small", "from": one.text, "mode": "fetch", "fetch": one._asdict()}])
    assert host.log == "tiny\ntiny\n"


def test_main_is_not_root_and_works_in_a_copy_it_may_write_to(host: Host) -> None:
    host.end("import os\nopen('main.py', 'a').write('#')\nopen('new', 'w')\nprint(os.getuid() > 0, os.getcwd())")
    assert host.log == "True /app\n"


def test_the_variables_of_the_spec_reach_main(host: Host) -> None:
    host.end("import os\nprint(repr(os.environ['A']))", env={"A": "x, 'y'\n$z"})
    assert host.log == repr("x, 'y'\n$z") + "\n"


def test_nothing_of_the_callers_environment_does(host: Host) -> None:
    host.environment["MINE"] = "1"
    host.end("import os\nprint('MINE' in os.environ, 'DOCKER_HOST' in os.environ)")
    assert host.log == "False False\n"


def test_a_signal_is_told_apart_from_an_exit_code(host: Host) -> None:
    ended = host.end("import os\nos.kill(os.getpid(), 11)")
    assert (ended["exit_code"], ended["signal"]) == (None, signal.SIGSEGV)


def test_a_program_that_is_not_there_is_the_end_of_the_run(host: Host) -> None:
    assert host.end("", command=["no-such-program"])["exit_code"] == 127
    assert "no-such-program" in host.log


def test_an_image_without_a_shell_is_the_end_of_the_run(host: Host, docker_engine: DockerEngine) -> None:
    (host.root / "empty").mkdir()
    tar = host.root / "empty.tar"
    with tarfile.open(tar, "w") as archive:
        archive.add(host.root / "empty", "tmp")
    docker_engine.docker("import", str(tar), "cynthus-test/empty:1")
    assert host.end("", base="cynthus-test/empty:1")["exit_code"] == 127


def test_a_volume_that_its_image_declares_goes_with_the_container(host: Host, docker_engine: DockerEngine) -> None:
    built = docker_engine.docker("create", docker_engine.base, "true").stdout.decode().strip()
    docker_engine.docker("commit", "--change", "VOLUME /kept", built, "cynthus-test/volume:1")
    docker_engine.docker("rm", "--volumes", built)
    before = docker_engine.docker("volume", "ls", "--quiet").stdout
    assert host.end("import os; print(os.path.ismount('/kept'))", base="cynthus-test/volume:1")["exit_code"] == 0
    until(lambda: docker_engine.docker("volume", "ls", "--quiet").stdout == before)
    assert host.log == "True\n"


def test_a_container_that_the_engine_cannot_start_is_the_end_of_the_run(host: Host) -> None:
    ended = host.end("", gpus=99)
    assert (ended["exit_code"], ended["reason"].partition(":")[0]) == (127, "cannot start the container")


def test_bytes_that_are_no_text_arrive_as_they_are(host: Host) -> None:
    host.end("import os\nos.write(1, bytes(range(256)))")
    assert host.attempt.log.read_bytes() == bytes(range(256))


def test_children_end_with_the_run(host: Host) -> None:
    host.end("import subprocess\nsubprocess.Popen(['setsid', 'sleep', '611'])")
    assert not [pid for pid in pids() if b"sleep\x00611" in about(pid)]


def test_orphans_are_reaped(host: Host) -> None:
    host.end(
        "import os, time\n"
        "if os.fork() == 0:\n    pid = os.fork()\n    os._exit(0) if pid else (time.sleep(0.2), os._exit(0))\n"
        "os.wait()\ntime.sleep(1)\n"
        "pids = [pid for pid in os.listdir('/proc') if pid.isdigit()]\n"
        "print([pid for pid in pids if open(f'/proc/{pid}/stat').read().split()[2] == 'Z'])"
    )
    assert host.log == "[]\n"


def test_a_second_start_changes_nothing(host: Host, docker_engine: DockerEngine) -> None:
    host.begin(WAIT)
    assert not host.ask("start")["changed"]
    assert len(docker_engine.lines("ps", "--quiet")) == 1


def test_a_stop_gives_main_the_time_to_end_by_itself(host: Host) -> None:
    host.begin("import signal, sys\nsignal.signal(15, lambda *_: sys.exit(7))\n" + WAIT)
    host.prints("began")
    host.ask("stop", "--reason", "cancelled: enough")
    ended = host.ended()
    assert (ended["exit_code"], ended["reason"]) == (7, "cancelled: enough")


def test_a_main_without_a_handler_ends_at_once(host: Host) -> None:
    # As process 1 of its container it would never hear of the signal.
    host.begin(WAIT, stop_grace=20)
    host.prints("began")
    began = time.monotonic()
    host.ask("stop")
    assert host.ended()["signal"] == signal.SIGTERM
    assert time.monotonic() - began < 10


def test_a_main_that_ignores_sigterm_is_killed_after_its_grace(host: Host) -> None:
    host.begin("import signal\nsignal.signal(15, signal.SIG_IGN)\n" + WAIT, stop_grace=1)
    host.prints("began")
    host.ask("stop")
    assert host.ended()["signal"] == signal.SIGKILL


def test_the_deadline_ends_a_run(host: Host) -> None:
    assert host.end(WAIT, max_duration=1)["reason"].startswith("deadline")


def test_a_container_is_gone_after_the_end(host: Host, docker_engine: DockerEngine) -> None:
    host.end("print('x')")
    until(lambda: not docker_engine.lines("ps", "--all", "--quiet"))


def test_a_secret_reaches_main_and_nobody_else(host: Host, docker_engine: DockerEngine) -> None:
    host.spec(secrets=["TOKEN"])
    host.bring("import os, time\nprint(os.environ['TOKEN'][:9], flush=True)\ntime.sleep(600)")
    send(host)
    host.ask("start")
    host.prints("sentinel-")
    assert SENTINEL not in inspected(host, docker_engine)
    waiting = memory.secrets_folder(host.environment, host.home.deployment)
    places = (host.root, waiting, docker_engine.folder / "root/containers", docker_engine.folder / "exec")
    assert not [place for place in places if any(SENTINEL.encode() in kept for kept in kept_below(place))]
    shown = [pid for pid in pids() if SENTINEL.encode() in about(pid)]
    # The container's init starts before the secret is read; only main has it.
    assert [b"main.py" in about(pid) for pid in shown] == [True]


def test_a_command_beside_main_gets_no_secret(host: Host) -> None:
    host.spec(secrets=["TOKEN"])
    host.bring(WAIT)
    send(host)
    host.ask("start")
    host.prints("began")
    program = "import os; print('TOKEN' in os.environ, os.getcwd(), os.getuid() > 0)"
    answer = host.call("exec", "--", "python", "-c", program)
    assert answer.stdout == b"False /app True\n"


def test_without_a_running_container_there_is_nothing_to_be_beside(host: Host) -> None:
    host.end("print('x')")
    assert "is not running, and its container with it" in host.not_become("--", "true")


def test_a_source_with_something_of_its_own_where_the_data_goes_is_refused(host: Host) -> None:
    host.file("src/data/x", "mine")
    host.file("elsewhere/y")
    host.spec(source="src", data=[{"name": None, "from": "elsewhere", "mode": "mount"}])
    host.ask("environment")
    host.ask("source")
    assert "'data' of its own" in host.refused("start")["message"]


def test_removal_ends_the_run_and_leaves_nothing(host: Host, docker_engine: DockerEngine) -> None:
    host.begin(WAIT)
    host.ask("remove")
    assert not host.home.folder.exists()
    assert not docker_engine.lines("ps", "--all", "--quiet")
    until(lambda: not host.processes())
