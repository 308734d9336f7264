"""A machine with a kernel of its own: Docker is installed on it, main.py runs there, and it reboots in between.

All of it is one story on one machine, for a machine that is emulated takes minutes for each of its parts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ansible.readying import changed, configure
from tests.bed.depot import Depot
from tests.bed.fixtures import machine_image, virtual_machine
from tests.journeys.test_container_faults import GREEDY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.machine import VirtualMachine
    from tests.journeys.user import Ended, User

__all__ = ["machine_image", "virtual_machine"]

pytestmark = [pytest.mark.hosts, pytest.mark.slow, pytest.mark.timeout(4800)]

PATIENCE = 2400
"""For how many seconds a command may take on a machine that is emulated, while others work on ours."""

HOMES = "/home/tester/.local/share/cynthus"
STATUS = f"cat $(ls -d {HOMES}/*/runs/* | tail -n 1)/attempts/1/0/status.json"
RUNS = "docker ps -q | grep -q ."
LOOK = """\
import json, os, pathlib
own = {
    "kernel": os.uname().release,
    "controllers": open("/sys/fs/cgroup/cgroup.controllers").read().split(),
    "cgroup": open("/proc/self/cgroup").read(),
    "profile": open("/proc/self/attr/current").read(),
    "parent": os.getppid(),
}
pathlib.Path("outputs").mkdir(exist_ok=True)
pathlib.Path("outputs/own.json").write_text(json.dumps(own))
print("looked")
"""
WORKS = "import time\nprint('working', flush=True)\ntime.sleep(3600)\n"


@pytest.fixture(scope="module")
def bare(virtual_machine: VirtualMachine) -> set[str]:
    """What is on the machine before anything of ours is."""
    # Users may switch that on for themselves where polkit is, which Debian's smallest system does not have.
    virtual_machine.text("loginctl", "enable-linger", virtual_machine.user)
    return everything(virtual_machine)


@pytest.fixture(scope="module")
def spec(virtual_machine: VirtualMachine, base_tar: Path) -> str:
    """A cynthus.yaml that runs in a container there; its base comes from the registry on the machine's own disk."""
    Depot(f"http://127.0.0.1:{virtual_machine.registry_port}").put("base:1", base_tar)
    machine = virtual_machine
    ssh = {"hosts": [machine.address], "user": machine.user, "port": machine.port, "key": str(machine.key)}
    image = {"base": f"{machine.registry}/base:1"}
    return json.dumps({"target": "ssh", "ssh": ssh, "runtime": "container", "image": image})


@pytest.fixture(scope="module")
def folder(visitor: User, spec: str) -> Path:
    return visitor.folder(main=LOOK, cynthus_yaml=spec)


@pytest.fixture(scope="module")
def up(visitor: User, folder: Path, bare: set[str]) -> Ended:
    """One command, on a machine that had nothing."""
    assert not [path for path in bare if "docker" in path or "cynthus" in path]
    return visitor.cynthus("up", folder, "-y", timeout=PATIENCE)


def everything(machine: VirtualMachine) -> set[str]:
    """The files of users and settings, and the packages. Ansible keeps an empty folder of its own in each home."""
    users, ours = ("/home", "/root", "/opt", "/tmp", "/var/tmp", "/dev/shm"), ("/etc", "/var/lib/cynthus")
    found = machine.run("find", *users, *ours, "-not", "-path", "*/.ansible*").stdout.decode().splitlines()
    packages = machine.text("dpkg-query", "-W", "-f=${Package}\\n").splitlines()
    return {each for each in (*found, *packages) if "systemd-private" not in each}


def test_cloud_init_has_made_the_user_and_ended_well(virtual_machine: VirtualMachine) -> None:
    assert virtual_machine.text("cloud-init", "status", "--wait").strip().endswith("status: done")


def test_the_kernel_is_its_own_and_has_cgroups_of_version_2_alone(virtual_machine: VirtualMachine) -> None:
    assert virtual_machine.text("uname", "-r").strip() == virtual_machine.image.release
    assert virtual_machine.text("stat", "-f", "-c", "%T", "/sys/fs/cgroup") == "cgroup2fs\n"


def test_one_command_installs_docker_and_runs_main_py_in_it(up: Ended, virtual_machine: VirtualMachine) -> None:
    assert (up.code, up.out) == (0, "looked\n"), up
    assert "ii " in virtual_machine.text("dpkg", "--list", "docker.io")


def test_main_py_is_on_that_kernel_in_a_cgroup_of_its_container(
    up: Ended, folder: Path, virtual_machine: VirtualMachine
) -> None:
    own = json.loads((folder / "outputs/latest/own.json").read_text())
    assert own["kernel"] == virtual_machine.image.release, up
    # A cgroup namespace of its own, which Docker gives on version 2 only.
    assert (own["cgroup"], {"cpu", "memory", "pids"} - set(own["controllers"])) == ("0::/\n", set())
    assert (own["profile"], own["parent"]) == ("docker-default (enforce)\n", 1)


def test_a_second_time_nothing_is_changed(up: Ended, virtual_machine: VirtualMachine, tmp_path: Path) -> None:
    assert up.code == 0, up
    assert changed(configure(tmp_path, virtual_machine)) == []


def test_a_container_that_is_killed_for_its_memory_is_said_to_be(
    up: Ended, visitor: User, folder: Path, virtual_machine: VirtualMachine
) -> None:
    assert up.code == 0, up
    (folder / "main.py").write_text(GREEDY)
    with visitor.typing("up", folder, "-y") as following:
        virtual_machine.until(RUNS)
        container = virtual_machine.text("docker", "ps", "-q").strip()
        virtual_machine.text("docker", "update", "--memory", "64m", "--memory-swap", "64m", container)
        virtual_machine.text("docker", "exec", container, "touch", "go")
        ended = following.ended(timeout=PATIENCE)
    assert (ended.code, "memory" in ended.err) == (3, True), ended


@pytest.mark.parametrize("hard", [False, True])
def test_a_run_that_a_reboot_has_ended_is_on_record_though_nobody_asks(
    up: Ended, visitor: User, folder: Path, virtual_machine: VirtualMachine, *, hard: bool
) -> None:
    assert up.code == 0, up
    (folder / "main.py").write_text(WORKS)
    answer = visitor.cynthus("run", folder, "-y", "--detach", timeout=PATIENCE)
    assert answer.code == 0, answer
    virtual_machine.until(RUNS)
    virtual_machine.reboot(hard=hard)
    virtual_machine.until(f"{STATUS} | grep -q EXITED")
    there = json.loads(virtual_machine.text("sh", "-c", STATUS))
    assert there["reason"].startswith("the machine was"), there
    assert virtual_machine.text("docker", "ps", "-q") == ""


def test_somebody_who_follows_is_told_of_the_reboot(
    up: Ended, visitor: User, folder: Path, virtual_machine: VirtualMachine
) -> None:
    assert up.code == 0, up
    (folder / "main.py").write_text(WORKS)
    with visitor.typing("run", folder, "-y") as following:
        following.until("working", timeout=PATIENCE)
        virtual_machine.reboot()
        ended = following.ended(timeout=PATIENCE)
    assert (ended.code, "the machine was" in ended.err) == (3, True), ended


def test_after_reboots_one_command_runs_it_again(up: Ended, visitor: User, folder: Path) -> None:
    assert up.code == 0, up
    (folder / "main.py").write_text(LOOK)
    again = visitor.cynthus("up", folder, "-y", timeout=PATIENCE)
    assert (again.code, again.out) == (0, "looked\n"), again


def test_down_with_purge_leaves_the_machine_as_bare_as_it_was(
    up: Ended, visitor: User, folder: Path, virtual_machine: VirtualMachine, bare: set[str]
) -> None:
    assert up.code == 0, up
    down = visitor.cynthus("down", folder, "--purge", "-y", timeout=PATIENCE)
    assert down.code == 0, down
    usual = {"/home/tester/.cache", "/home/tester/.local", "/home/tester/.local/share"}
    assert everything(virtual_machine) - bare - usual == set()
    assert "docker" not in virtual_machine.text("ip", "-brief", "link") + virtual_machine.text("cat", "/proc/mounts")
