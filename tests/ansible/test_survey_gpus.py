"""What a survey says of GPUs, and how they would get a driver: fake PCI buses and stand-in drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.ansible.standins import NOBLE, NVIDIA, StandIn, kinds, problems

if TYPE_CHECKING:
    from pathlib import Path

KERNEL = "6.8.0-60-generic"
MODULE = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build"
DEVICES = [
    ("1b38", "Pascal"),  # P40
    ("15f8", "Pascal"),  # P100
    ("1bb3", "Pascal"),  # P4
    ("1db1", "Volta"),  # V100
    ("1eb8", "Turing"),  # T4
    ("2187", "Turing"),  # GTX 1650
    ("20b0", "Ampere"),  # A100
    ("2236", "Ampere"),  # A10
    ("2489", "Ampere"),  # RTX 3060 Ti
    ("27b8", "Ada"),  # L4
    ("26b9", "Ada"),  # L40S
    ("2330", "Hopper"),  # H100
    ("2335", "Hopper"),  # H200
    ("2901", "Blackwell"),  # B200
    ("2bb5", "Blackwell"),  # RTX PRO 6000
    ("3182", "Blackwell"),  # B300
    ("17c2", "Maxwell"),  # TITAN X
    ("102d", ""),  # K80
]
OPEN = ("2330", "1eb8", "27b8", "20b0", "2901")
CLOSED = ("1b38", "1db1", "17c2")


@pytest.fixture
def host(tmp_path: Path) -> StandIn:
    """An Ubuntu whose apt knows a signed module for its kernel, with Docker and the toolkit, and without a GPU."""
    made = StandIn(tmp_path)
    made.file("etc/os-release", NOBLE)
    made.file("proc/sys/kernel/osrelease", f"{KERNEL}\n")
    made.packages()
    made.engine()
    made.toolkit()
    made.apt_knows("*")
    (tmp_path / "pci").mkdir()
    return made


def plan(found: dict[str, Any]) -> dict[str, Any]:
    planned: dict[str, Any] = found["nvidia"]["plan"]
    return planned


def test_a_host_without_gpus_is_left_alone(host: StandIn) -> None:
    host.gpu("1533", vendor="0x8086", kind="0x020000")
    found = host.nvidia()
    assert (found["changes"], found["problems"], found["nvidia"]["gpus"]) == ([], [], [])


def test_gpus_that_are_asked_for_and_not_there_are_a_problem(host: StandIn) -> None:
    assert problems(host.nvidia(gpus=2)) == "2 GPUs are asked for, and this host has none from NVIDIA"


def test_only_the_graphics_part_of_a_card_is_a_gpu(host: StandIn) -> None:
    host.gpu("1eb8")
    host.gpu("10f8", kind="0x040300")  # its sound
    host.gpu("1ad8", kind="0x0c0330")  # its USB
    host.driver("580.95.05")
    assert [gpu["device"] for gpu in host.nvidia()["nvidia"]["gpus"]] == ["1eb8"]


def test_a_card_with_a_screen_is_a_gpu(host: StandIn) -> None:
    host.gpu("2489", kind="0x030000")
    assert len(host.nvidia()["nvidia"]["gpus"]) == 1


def test_a_bus_with_strange_entries_can_be_read(host: StandIn) -> None:
    (host.folder / "pci/strange").mkdir()
    (host.folder / "pci/file").write_bytes(b"\xff")
    host.gpu("2330")
    assert len(host.nvidia()["nvidia"]["gpus"]) == 1


@pytest.mark.parametrize(("device", "generation"), DEVICES)
def test_a_gpu_is_known_by_its_device_id(host: StandIn, device: str, generation: str) -> None:
    host.gpu(device)
    assert host.nvidia()["nvidia"]["gpus"][0]["generation"] == generation


def test_no_device_id_belongs_to_two_generations() -> None:
    ranges = [(int(first, 16), int(last, 16)) for row in NVIDIA["nvidia_generations"] for first, last in row["devices"]]
    assert all(one[1] < two[0] for one, two in zip(sorted(ranges), sorted(ranges)[1:], strict=False))


@pytest.mark.parametrize("version", ["525.60.13", "535.183.01", "580.95.05", "610.43.02"])
def test_a_driver_that_works_is_kept(host: StandIn, version: str) -> None:
    host.gpu("2330")
    host.driver(version)
    found = host.nvidia()
    assert (found["changes"], found["nvidia"]["driver"]["version"]) == ([], version)


@pytest.mark.parametrize("minimum", ["580", "580.95.06", "590"])
def test_a_driver_that_is_too_old_is_replaced_only_if_that_is_allowed(host: StandIn, minimum: str) -> None:
    host.gpu("2330")
    host.driver("580.95.05")
    host.file("proc/driver/nvidia/version", MODULE)
    needs = [] if minimum == "580" else ["install", "remove reboot", "reboot reboot"]
    assert kinds(host.nvidia(minimum=minimum)) == needs


@pytest.mark.parametrize("device", OPEN)
def test_newer_gpus_get_the_open_module(host: StandIn, device: str) -> None:
    host.gpu(device)
    assert plan(host.nvidia())["packages"] == [
        f"linux-modules-nvidia-580-server-open-{KERNEL}",
        "nvidia-headless-no-dkms-580-server-open",
        "nvidia-utils-580-server",
    ]


@pytest.mark.parametrize("device", CLOSED)
def test_older_gpus_get_the_proprietary_module(host: StandIn, device: str) -> None:
    host.gpu(device)
    assert plan(host.nvidia())["packages"] == [
        f"linux-modules-nvidia-580-server-{KERNEL}",
        "nvidia-headless-no-dkms-580-server",
        "nvidia-utils-580-server",
    ]


def test_a_mixed_host_gets_the_module_that_knows_all_its_gpus(host: StandIn) -> None:
    host.gpu("1db1")
    host.gpu("2236")
    assert "nvidia-headless-no-dkms-580-server" in plan(host.nvidia())["packages"]


def test_gpus_that_no_driver_knows_together_are_a_problem(host: StandIn) -> None:
    host.gpu("1db1")
    host.gpu("2901")
    assert problems(host.nvidia()) == "no driver works for Volta and Blackwell in one host"


def test_a_gpu_that_is_too_old_is_a_problem(host: StandIn) -> None:
    host.gpu("102d")
    found = host.nvidia()
    assert (found["changes"], "10de:102d" in problems(found)) == ([], True)


@pytest.mark.parametrize(("device", "branch"), [("1db1", 590), ("2901", 570), ("2330", 520)])
def test_a_branch_that_does_not_fit_the_gpus_is_a_problem(host: StandIn, device: str, branch: int) -> None:
    host.gpu(device)
    found = host.nvidia(branch=branch)
    assert (found["changes"], f"branch {branch} does not fit" in problems(found)) == ([], True)


def test_gpus_behind_switches_get_the_fabric_manager_of_their_drivers_branch(host: StandIn) -> None:
    host.gpu("2330")
    host.gpu("22a3", kind="0x068000")
    host.driver("570.133.20")
    found = host.nvidia()
    assert plan(found)["packages"] == ["nvidia-fabricmanager-570", "libnvidia-nscq-570"]
    assert [change["what"] for change in found["changes"]] == ["NVIDIA Fabric Manager"]


def test_a_new_driver_and_the_fabric_manager_come_together(host: StandIn) -> None:
    host.gpu("2330")
    host.gpu("22a3", kind="0x068000")
    assert plan(host.nvidia())["packages"][2:] == [
        "nvidia-utils-580-server", "nvidia-fabricmanager-580", "libnvidia-nscq-580"
    ]  # fmt: skip


@pytest.mark.parametrize(("device", "number", "wanted"), [("2901", 8, True), ("2901", 4, False), ("20b5", 8, False)])
def test_switches_that_do_not_show_are_known_by_the_number_of_gpus(
    host: StandIn, device: str, number: int, *, wanted: bool
) -> None:
    for _ in range(number):
        host.gpu(device)
    host.driver("580.95.05", number)
    assert plan(host.nvidia())["fabric"] is wanted


def test_a_fabric_manager_that_runs_is_left_alone(host: StandIn) -> None:
    host.gpu("2330")
    host.gpu("22a3", kind="0x068000")
    host.driver("580.95.05")
    host.program("systemctl", ("'is-active nvidia-fabricmanager'", "active", 0))
    assert host.nvidia()["changes"] == []


def test_the_toolkit_is_installed_where_it_is_missing(host: StandIn) -> None:
    (host.programs / "nvidia-ctk").unlink()
    host.gpu("2330")
    host.driver("580.95.05")
    planned = plan(host.nvidia())
    assert (planned["packages"], planned["repositories"]) == (["nvidia-container-toolkit"], ["toolkit"])


def test_without_containers_no_toolkit_is_needed(host: StandIn) -> None:
    (host.programs / "nvidia-ctk").unlink()
    host.gpu("2330")
    host.driver("580.95.05")
    assert host.nvidia(containers=False)["changes"] == []


def test_a_toolkit_that_cannot_be_installed_is_a_problem(host: StandIn) -> None:
    (host.programs / "nvidia-ctk").unlink()
    host.file("etc/os-release", "ID=fedora\nPRETTY_NAME=Fedora\n")
    host.gpu("2330")
    host.driver("580.95.05")
    assert problems(host.nvidia()).startswith("the NVIDIA Container Toolkit is missing")


@pytest.mark.parametrize(
    ("version", "access"), [("28.2.0", "cdi"), ("29.1.3", "cdi"), ("28.1.9", "gpus"), ("20.10.24", "gpus")]
)
def test_containers_get_gpus_as_their_engine_can_give_them(host: StandIn, version: str, access: str) -> None:
    host.gpu("2330")
    host.driver("580.95.05")
    host.engine(version)
    assert plan(host.nvidia())["access"] == access


def test_an_engine_without_the_interface_has_to_learn_of_the_toolkit(host: StandIn) -> None:
    host.gpu("2330")
    host.driver("580.95.05")
    host.engine("20.10.24")
    found = host.nvidia()
    assert (plan(found)["runtime"], kinds(found)) == (True, ["restart"])


def test_an_engine_that_knows_the_toolkit_is_left_alone(host: StandIn) -> None:
    host.gpu("2330")
    host.driver("580.95.05")
    host.engine("20.10.24", Runtimes={"runc": {}, "nvidia": {}})
    assert host.nvidia()["changes"] == []


def test_an_engine_with_containers_is_not_restarted_without_leave(host: StandIn) -> None:
    host.gpu("2330")
    host.driver("580.95.05")
    host.engine("20.10.24", containers="web")
    assert kinds(host.nvidia()) == ["restart disrupt"]


def test_gpus_that_containers_do_not_know_of_yet_are_listed_for_them(host: StandIn) -> None:
    host.gpu("2330")
    host.driver("580.95.05")
    host.toolkit(cdi=False)
    found = host.nvidia()
    assert (plan(found)["cdi"], kinds(found)) == (True, ["install"])


def test_without_an_engine_containers_are_thought_of_later(host: StandIn) -> None:
    host.gpu("2330")
    host.driver("580.95.05")
    host.program("docker")
    assert (plan(host.nvidia())["access"], host.nvidia()["changes"]) == ("", [])


def test_a_driver_in_memory_says_of_which_kind_it_is(host: StandIn) -> None:
    host.gpu("2330")
    host.driver("580.95.05")
    host.file("proc/driver/nvidia/version", MODULE)
    driver = host.nvidia()["nvidia"]["driver"]
    assert (driver["open"], driver["loaded"]) == (True, "580.95.05")


def test_a_proprietary_module_says_of_which_version_it_is(host: StandIn) -> None:
    host.gpu("1db1")
    host.file("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12")
    assert host.nvidia()["nvidia"]["driver"]["loaded"] == "535.183.01"
