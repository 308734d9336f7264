"""This host's part of a Ray cluster: real processes, and a stand-in for Ray that ships with the tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import cluster, fellows, requirements
from cynthus.agent.spec import parse
from cynthus.process import Command, run
from tests.agent.host import RUN, Host, about, document, pids, until
from tests.needs import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator

FAKE = Path(__file__).parent / "fake_ray"
SAYS_WHERE = "import os; print('main at', os.environ['RAY_ADDRESS'], flush=True)\n"
WAITS = f"{SAYS_WHERE}import time; time.sleep(600)\n"


class Hosts:
    """Two hosts of a run, as two addresses of this machine."""

    def __init__(self, place: Path, program: Path) -> None:
        self.place = place
        self.program = program
        self.addresses = [f"127.{os.getpid() % 250 + 1}.{os.urandom(1)[0]}.{number}" for number in (1, 2)]
        with socket.create_server((self.addresses[0], 0)) as server:
            self.port = server.getsockname()[1]
        self.started: list[subprocess.Popen[bytes]] = []
        self.mark = f"FAKE_RAY_NOTES={place}"

    def start(
        self, rank: int, main: str = SAYS_WHERE, *, alone: bool = False, patience: int = 20, **more: str
    ) -> subprocess.Popen[bytes]:
        path = f"{FAKE / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {"PATH": path, "PYTHONPATH": str(FAKE), "FAKE_RAY_NOTES": str(self.place), **more}
        several = () if alone else ("--addresses", ",".join(self.addresses), "--port", str(self.port))
        argv = (
            sys.executable, "-I", "-S", str(self.program), "ray", "--folder", str(self.place / f"folder-{rank}"),
            "--rank", str(rank), "--gpus", "2", "--patience", str(patience), "--inside", "container", *several,
            "--", "python", "-c", main,
        )  # fmt: skip
        with open(self.place / f"log-{rank}", "ab") as log:
            self.started.append(subprocess.Popen(argv, cwd=self.place, env=environment, stdout=log, stderr=log))
        return self.started[-1]

    def log(self, rank: int) -> str:
        return (self.place / f"log-{rank}").read_text()

    def notes(self, rank: int) -> dict[str, Any]:
        """What Ray was told there."""
        told: dict[str, Any] = json.loads((self.place / f"rank-{rank}.json").read_text())
        return told

    def living(self) -> list[int]:
        return [pid for pid in pids() if self.mark.encode() in about(pid).split(b"\0")]

    def close(self) -> None:
        for each in self.started:
            each.kill()
            each.wait()
        for pid in self.living():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def hosts(tmp_path: Path, program: Path) -> Iterator[Hosts]:
    made = Hosts(tmp_path, program)
    yield made
    made.close()


def test_main_py_runs_once_all_have_joined_and_all_end_well_with_it(hosts: Hosts) -> None:
    head = hosts.start(0)
    node = hosts.start(1, "print('never')")
    assert (head.wait(30), node.wait(30)) == (0, 0), hosts.log(0) + hosts.log(1)
    assert (hosts.log(0), "never" in hosts.log(1)) == (f"main at {hosts.addresses[0]}:{hosts.port}\n", False)
    assert hosts.living() == []


def test_a_node_prints_what_ray_says_there(hosts: Hosts) -> None:
    hosts.start(0)
    hosts.start(1).wait(30)
    assert "node rank-1 starts" in hosts.log(1)


def test_alone_there_is_a_head_only(hosts: Hosts) -> None:
    assert hosts.start(0, alone=True).wait(30) == 0, hosts.log(0)
    assert (hosts.log(0).startswith("main at 127.0.0.1:"), hosts.living()) == (True, [])


def test_what_tidies_temporary_folders_up_leaves_that_of_a_node_alone(hosts: Hosts, tmp_path: Path) -> None:
    if shutil.which("systemd-tmpfiles") is None:
        lacking("there is no systemd-tmpfiles")
    hosts.start(0, WAITS, alone=True)
    until(lambda: "main at" in hosts.log(0))
    others = tmp_path / "others/file"
    others.parent.mkdir()
    others.touch()
    (tmp_path / "age.conf").write_text(f"d {hosts.place} - - - 0\n")
    run(Command(("systemd-tmpfiles", "--clean", str(tmp_path / "age.conf"))))
    assert (others.exists(), (hosts.place / "folder-0/start.log").exists()) == (False, True)


def test_main_pys_exit_code_is_the_runs(hosts: Hosts) -> None:
    assert hosts.start(0, "import sys; sys.exit(7)", alone=True).wait(30) == 7


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_signal_that_ended_main_py_is_the_runs(hosts: Hosts, number: int) -> None:
    ended = hosts.start(0, f"import os; os.kill(os.getpid(), {number:d})", alone=True).wait(30)
    assert (ended, hosts.living()) == (-number, [])


def test_where_main_py_fails_the_other_hosts_end_well(hosts: Hosts) -> None:
    head, node = hosts.start(0, "import sys; sys.exit(7)"), hosts.start(1)
    assert (head.wait(30), node.wait(30)) == (7, 0)


def test_ray_is_told_of_leased_gpus_a_port_and_no_statistics(hosts: Hosts) -> None:
    hosts.start(0, alone=True, CUDA_VISIBLE_DEVICES="3,5").wait(30)
    words = hosts.notes(0)["words"]
    assert words[words.index("--num-gpus") + 1] == "2"
    assert hosts.notes(0)["environment"]["CUDA_VISIBLE_DEVICES"] == "3,5"
    assert {"--include-dashboard=false", "--disable-usage-stats", "--block"} <= set(words)


def test_modules_beside_main_py_are_found_on_each_host(hosts: Hosts) -> None:
    hosts.start(0)
    hosts.start(1).wait(30)
    assert hosts.notes(1)["environment"]["PYTHONPATH"].split(":")[0] == str(hosts.place)


def test_a_single_host_makes_a_token_of_its_own(hosts: Hosts) -> None:
    hosts.start(0, alone=True).wait(30)
    assert len(hosts.notes(0)["environment"]["RAY_AUTH_TOKEN"]) == 32


def test_a_host_that_does_not_join_is_named(hosts: Hosts) -> None:
    head = hosts.start(0, "print('never')", patience=3, FAKE_RAY_STRANGER="rank-1")
    hosts.start(1)
    assert (head.wait(30), "never" in hosts.log(0)) == (1, False)
    assert f"missing: rank 1 ({hosts.addresses[1]})" in hosts.log(0)


def test_a_host_that_finds_no_head_says_what_to_open(hosts: Hosts) -> None:
    assert hosts.start(1, patience=1).wait(30) == 1
    assert f"nothing answers at {hosts.addresses[0]}:{hosts.port}" in hosts.log(1)


def test_a_node_that_dies_while_main_py_runs_fails_there(hosts: Hosts) -> None:
    head, node = hosts.start(0, WAITS), hosts.start(1)
    until(lambda: "main at" in hosts.log(0))
    os.kill(hosts.notes(1)["pid"], signal.SIGKILL)
    assert (node.wait(30), head.poll()) == (1, None)
    assert "the Ray node of this host (rank 1) has ended" in hosts.log(1)


def test_a_head_that_dies_fails_the_run_and_ends_main_py(hosts: Hosts) -> None:
    head, node = hosts.start(0, WAITS), hosts.start(1)
    until(lambda: "main at" in hosts.log(0))
    os.kill(hosts.notes(0)["pid"], signal.SIGKILL)
    assert (head.wait(30), node.wait(30)) == (1, 0), hosts.log(1)
    assert "the Ray node of this host (rank 0) has ended" in hosts.log(0)
    assert hosts.living() == []


@pytest.mark.parametrize("rank", [0, 1])
def test_told_to_end_nothing_stays(hosts: Hosts, rank: int) -> None:
    both = [hosts.start(0, WAITS), hosts.start(1)]
    until(lambda: "main at" in hosts.log(0))
    both[rank].terminate()
    assert both[rank].wait(30) == -signal.SIGTERM
    both[1 - rank].terminate()
    both[1 - rank].wait(30)
    assert hosts.living() == []


def test_main_py_may_finish_what_it_does_when_it_is_told_to_end(hosts: Hosts) -> None:
    saves = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('saved', flush=True), sys.exit(4)))\n"
    head = hosts.start(0, saves + WAITS, alone=True)
    until(lambda: "main at" in hosts.log(0))
    head.terminate()
    assert (head.wait(30), "saved" in hosts.log(0)) == (4, True)


def test_an_environment_without_ray_says_what_to_add(hosts: Hosts) -> None:
    assert hosts.start(0, alone=True, PATH="/usr/bin:/bin").wait(30) == 1
    assert "add ray to the requirements" in hosts.log(0)


def test_a_program_that_cannot_be_started_is_told(hosts: Hosts, tmp_path: Path) -> None:
    argv = (sys.executable, str(hosts.program), "ray", "--folder", str(tmp_path / "f"), "--", "no-such-program")
    environment = {"PATH": f"{FAKE / 'bin'}:{os.environ['PATH']}", "FAKE_RAY_NOTES": str(tmp_path)}
    ended = subprocess.run(argv, env=environment, capture_output=True, timeout=30)
    assert (ended.returncode, b"cannot start 'no-such-program'" in ended.stderr) == (1, True)


@pytest.fixture
def ray_host(tmp_path: Path, program: Path) -> Iterator[Host]:
    environment = {**os.environ, "PATH": f"{FAKE / 'bin'}:{os.environ['PATH']}"}
    notes = {"FAKE_RAY_NOTES": str(tmp_path), "PYTHONPATH": str(FAKE)}
    made = Host(tmp_path / "a host", program, environment, engine="ray", env=notes)
    yield made
    made.ask("remove")


def test_data_is_prepared_before_there_is_a_cluster(ray_host: Host) -> None:
    ray_host.file("prep.py", "import os; print('RAY_ADDRESS' in os.environ); open('prepared/x', 'w').write('ready')\n")
    ray_host.spec(preprocess={"command": ["python", "prep.py"], "files": []})
    ray_host.end(f"{SAYS_WHERE}print(open('prepared/x').read())\n")
    lines = ray_host.log.splitlines()
    assert (lines[1], lines[-2].startswith("main at 127.0.0.1:"), lines[-1]) == ("False", True, "ready"), ray_host.log


def test_a_run_in_a_cluster_succeeds_and_leaves_nothing(ray_host: Host) -> None:
    ended = ray_host.end(SAYS_WHERE)
    assert (ended["exit_code"], "main at 127.0.0.1:" in ray_host.log) == (0, True), ray_host.log
    assert not os.path.lexists(ray_host.attempt.engine_folder)


def test_rays_folder_has_a_path_short_enough_for_its_sockets(ray_host: Host) -> None:
    ray_host.begin(WAITS)
    ray_host.prints("main at")
    target = ray_host.attempt.engine_folder.readlink()
    assert len(str(target / "session_2026-01-01_00-00-00_000000_1234567/sockets/plasma_store")) < 107
    ray_host.ask("stop")
    assert not target.exists()


@pytest.mark.parametrize("supervisor_first", [False, True])
def test_after_a_kill_nothing_of_the_cluster_stays(ray_host: Host, *, supervisor_first: bool) -> None:
    ray_host.begin(WAITS)
    ray_host.prints("main at")
    target, known = ray_host.attempt.engine_folder.readlink(), ray_host.record()
    if supervisor_first:
        os.kill(known["supervisor_pid"], signal.SIGKILL)
    os.kill(known["pid"], signal.SIGKILL)
    ray_host.ended()
    until(lambda: not ray_host.processes())
    assert not target.exists()


def test_how_a_node_ended_is_known_also_where_its_supervisor_was_killed(ray_host: Host) -> None:
    waits = "import sys, time\nwhile not os.path.exists('go'): time.sleep(0.1)\n"
    ray_host.begin(f"{SAYS_WHERE}{waits}sys.exit(9)\n")
    ray_host.prints("main at")
    os.kill(ray_host.record()["supervisor_pid"], signal.SIGKILL)
    (ray_host.run.app / "go").touch()
    assert (ray_host.ended()["exit_code"], ray_host.told()["reason"]) == (9, ""), ray_host.told()


def test_hosts_of_one_cluster_need_its_token(ray_host: Host) -> None:
    ray_host.bring(SAYS_WHERE)
    problem = ray_host.refused("start", "--rank", "0", "--addresses", "127.0.0.1,127.0.0.2")
    assert "RAY_AUTH_TOKEN" in problem["message"]


def test_with_an_engine_main_py_is_told_no_rank() -> None:
    given = parse(document(engine="ray"))
    told = cluster.variables(given, RUN, fellows.parse("10.0.0.1,10.0.0.2", 1))
    assert told["CYNTHUS_ADDRESSES"] == "10.0.0.1,10.0.0.2"
    assert not {"RANK", "WORLD_SIZE", "MASTER_ADDR"} & set(told)


def test_without_an_engine_the_command_stays_as_it_is() -> None:
    given = parse(document())
    assert cluster.command(given, RUN, fellows.ALONE, "python", "agent.pyz") == given.command


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("ray\n", True), ("Ray[default]>=2.52  # all of it\n", True), ("ray==2.60; python_version > '3.9'\n", True),
        ("ray @ https://example.org/ray-2.60.0-cp311-any.whl\n", True), ("./ray-2.60.0-cp311-any.whl\n", True),
        ("ray-lightning\n", False), ("array\n", False), ("# ray\n", False), ("--find-links ray\n", False),
        ("-r more.txt\n", True),
    ],
)  # fmt: skip
def test_ray_is_found_in_the_requirements(tmp_path: Path, text: str, *, named: bool) -> None:
    (tmp_path / "requirements.txt").write_text(text)
    (tmp_path / "more.txt").write_text("numpy\nray\n")
    assert ("ray" in requirements.names(tmp_path / "requirements.txt")) is named
