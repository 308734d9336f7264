"""How the GPUs of a host are tried, and what is made of what a host says when they fail."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.ansible.standins import DOCKER, NVIDIA, SURVEY, TRIAL, StandIn

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.process import Completed

LIST = "GPU 0: NVIDIA L4 (UUID: GPU-0)"
NO_DRIVER = 'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].'
UNKNOWN_DEVICE = "docker: Error response: CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all"
FABRIC = "GPU 00000000:04:00.0\n    Fabric\n        State                : {}\n        Status               : N/A"

SAID = {
    # What hosts say, each with a word of what it has to be taken for.
    "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)": "apt's lock",
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.": "not loaded",
    "Failed to initialize NVML: Driver/library version mismatch": "old module",
    "Failed to initialize NVML: Unknown Error": "lost its GPUs",
    NO_DRIVER: "does not know the NVIDIA Container Toolkit",
    "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service": "Secure Boot",
    "NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:2bb1)\nNVRM: installed in this system requires use of the "
    "NVIDIA open kernel modules.": "only with the open",
    "CUDA error 802: system not yet initialized": "switches",
    "Fabric State: In Progress": "switches",
    "NVRM: Xid (PCI:0000:04:00): 79, pid=1234, GPU has fallen off the bus.": "fault of the GPU",
    "NVRM: Xid (PCI:0000:04:00): 119, pid=1234, Timeout waiting for RPC from GSP": "fault of the GPU",
    "NVRM: Xid (PCI:0000:04:00): 48, pid=1234, DBE (Double Bit Error)": "fault of the GPU",
    "failed to register layer: write /usr/lib/x.so: no space left on device": "no room",
    "No devices were found": "finds no GPU",
    UNKNOWN_DEVICE: "no list",
    "docker: Error response from daemon: pull access denied for nope": "image",
    "dial tcp: lookup registry-1.docker.io: no such host": "image",
    "E: Packages need to be removed but remove is disabled.": "another driver",
    "No package matching 'nvidia-open' is available": "no package source",
    "Missing sudo password": "password",
}
SAID_OF_DOCKER = {
    "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)": "apt's lock",
    "Failed to lock apt for exclusive operation: Failed to lock directory /var/lib/apt/lists/": "apt's lock",
    "E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a'": "cut off",
    "E: You don't have enough free space in /var/cache/apt/archives/.": "no room",
    "E: Packages need to be removed but remove is disabled.": "keep Docker",
    "No package matching 'docker.io' is available": "no package source",
    "Unable to start service docker: Job for docker.service failed": "does not start",
    "Missing sudo password": "password",
}


def meaning(rows: list[dict[str, str]], said: str) -> str:
    """What the role says of it: the first row that fits, as the tasks take it."""
    return next((row["message"] for row in rows if re.search(row["pattern"], said)), "")


@pytest.mark.parametrize(("said", "word"), SAID.items())
def test_what_hosts_say_of_gpus_is_understood(said: str, word: str) -> None:
    assert word in meaning(NVIDIA["nvidia_failures"], said)


@pytest.mark.parametrize(("said", "word"), SAID_OF_DOCKER.items())
def test_what_hosts_say_of_docker_is_understood(said: str, word: str) -> None:
    assert word in meaning(DOCKER["docker_failures"], said)


@pytest.mark.parametrize("said", ["NVRM: Xid (PCI:0000:04:00): 31, pid=1, MMU Fault", "NVRM: Xid (PCI:0): 13, pid=1"])
def test_a_fault_of_the_users_own_code_is_not_blamed_on_the_gpu(said: str) -> None:
    assert meaning(NVIDIA["nvidia_failures"], said) == ""


def test_every_row_is_reached_by_something_that_a_host_says() -> None:
    for rows, cases in ((NVIDIA["nvidia_failures"], SAID), (DOCKER["docker_failures"], SAID_OF_DOCKER)):
        assert {meaning(rows, said) for said in cases} == {row["message"] for row in rows}


def test_every_row_says_what_to_do() -> None:
    assert all(row["hint"] for row in NVIDIA["nvidia_failures"] + DOCKER["docker_failures"])


@pytest.fixture
def host(tmp_path: Path) -> StandIn:
    """A host with one GPU that works, on itself and in a container."""
    made = StandIn(tmp_path)
    made.driver("580.95.05")
    made.program("docker", ("'run --rm --device nvidia.com/gpu=all '*", LIST, 0))
    return made


def tried(host: StandIn, **wish: object) -> Completed:
    asked = {"path": "", "gpus": 1, "wanted": 0, "switches": False, "image": "ubuntu", **wish}
    return host.python("trial", SURVEY, TRIAL, wish=asked)


def failure(host: StandIn, **wish: object) -> str:
    done = tried(host, **wish)
    assert done.returncode == 1, done.stdout
    return done.stdout.decode()


def test_gpus_that_work_are_listed(host: StandIn) -> None:
    assert json.loads(tried(host).stdout) == {
        "gpus": ["GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-0)"], "access": "cdi"
    }  # fmt: skip


def test_without_an_image_no_container_is_started(host: StandIn) -> None:
    (host.programs / "docker").unlink()
    assert json.loads(tried(host, image="").stdout)["access"] == ""


def test_an_engine_that_cannot_do_it_one_way_is_asked_the_other(host: StandIn) -> None:
    host.program("docker", ("'run --rm --device '*", UNKNOWN_DEVICE, 125), ("'run --rm --gpus all '*", LIST, 0))
    assert json.loads(tried(host).stdout)["access"] == "gpus"


def test_a_container_that_sees_fewer_gpus_than_the_host_does_not_work(host: StandIn) -> None:
    host.driver("580.95.05", 2)
    assert "exit code 0" in failure(host)


def test_an_engine_that_can_do_it_in_no_way_says_so_twice(host: StandIn) -> None:
    host.program("docker", ("'run --rm --device '*", UNKNOWN_DEVICE, 125), ("*", NO_DRIVER, 125))
    said = failure(host)
    assert (UNKNOWN_DEVICE in said, NO_DRIVER in said) == (True, True)


def test_a_driver_that_fails_is_told_with_what_the_kernel_says(host: StandIn) -> None:
    host.broken_driver("NVIDIA-SMI has failed")
    host.script("dmesg", "echo '[1] usb 1-1: new'; echo '[2] NVRM: requires use of the NVIDIA open kernel modules'\n")
    said = failure(host)
    assert ("NVIDIA-SMI has failed" in said, "NVRM: requires" in said, "usb" in said) == (True, True, False)


def test_a_driver_without_gpus_fails(host: StandIn) -> None:
    host.program("nvidia-smi", ("*", "No devices were found", 0))
    assert "No devices were found" in failure(host)


def test_fewer_gpus_than_were_asked_for_are_too_few(host: StandIn) -> None:
    assert "2 GPUs are asked for, and the driver has 1" in failure(host, wanted=2)


@pytest.mark.parametrize(("state", "works"), [("Completed", True), ("N/A", True), ("In Progress", False)])
def test_switches_have_to_be_set_up(host: StandIn, state: str, *, works: bool) -> None:
    text = FABRIC.format(state)
    host.program("nvidia-smi", ("-L", LIST, 0), ("-q", text, 0))
    assert (tried(host, switches=True).returncode == 0) is works
