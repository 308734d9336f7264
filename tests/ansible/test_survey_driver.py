"""By which way a host would get its driver, and what a driver that does not work is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.ansible.standins import BOOKWORM, NOBLE, StandIn, kinds, problems

if TYPE_CHECKING:
    from pathlib import Path

KERNEL = "6.8.0-60-generic"
MISMATCH = "Failed to initialize NVML: Driver/library version mismatch"
UNREACHED = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."


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


def test_a_signed_module_needs_no_reboot(host: StandIn) -> None:
    host.gpu("2330")
    found = host.nvidia()
    assert (kinds(found), plan(found)["reboot"]) == (["install"], False)


def test_a_kernel_without_a_signed_module_is_exchanged_for_one_that_has_it(host: StandIn) -> None:
    host.gpu("2330")
    host.apt_knows("linux-modules-nvidia-580-server-open-generic", "nvidia-*")
    host.packages(linux_image_generic="6.8")
    found = host.nvidia()
    assert (plan(found)["way"], kinds(found)) == ("signed by Ubuntu, with a newer kernel", ["install", "reboot reboot"])


@pytest.mark.parametrize(
    ("kernel", "meta", "flavour"),
    [
        ("6.8.0-60-generic", "linux-image-generic", "generic"),
        ("6.14.0-15-generic", "linux-image-generic-hwe-24.04", "generic-hwe-24.04"),
        ("6.14.0-15-generic", "linux-image-virtual-hwe-24.04", "generic-hwe-24.04"),
        ("6.8.0-1024-gcp", "linux-image-gcp", "gcp"),
        ("6.8.0-1024-gcp", "linux-image-elsewhere", "gcp"),
    ],
)
def test_the_newer_kernel_is_of_the_kind_that_the_host_follows(
    host: StandIn, kernel: str, meta: str, flavour: str
) -> None:
    host.gpu("2330")
    host.apt_knows(f"linux-modules-nvidia-580-server-open-{flavour}", "nvidia-*")
    host.script("dpkg-query", f"echo 'installed linux-image-{kernel} 1'; echo 'installed {meta} 6.8'\n")
    host.file("proc/sys/kernel/osrelease", f"{kernel}\n")
    assert f"linux-modules-nvidia-580-server-open-{flavour}" in plan(host.nvidia())["packages"]


def test_a_module_is_built_where_none_is_to_be_had(host: StandIn) -> None:
    host.gpu("2330")
    host.apt_knows("linux-headers-*", "nvidia-*")
    assert plan(host.nvidia())["packages"] == [
        f"linux-headers-{KERNEL}",
        "nvidia-headless-580-server-open",
        "nvidia-utils-580-server",
    ]


def test_secure_boot_allows_no_module_that_is_built_on_the_host(host: StandIn) -> None:
    host.gpu("2330")
    host.apt_knows("linux-headers-*", "nvidia-*")
    host.file("sys/firmware/efi/efivars/SecureBoot-8be4df61", "\6\0\0\0\1")
    found = host.nvidia()
    assert (found["changes"], problems(found).startswith("Secure Boot is on")) == ([], True)


def test_secure_boot_allows_a_signed_module(host: StandIn) -> None:
    host.gpu("2330")
    host.file("sys/firmware/efi/efivars/SecureBoot-8be4df61", "\6\0\0\0\1")
    assert plan(host.nvidia())["way"] == "signed by Ubuntu"


def test_a_firmware_that_has_switched_secure_boot_off_forbids_nothing(host: StandIn) -> None:
    host.gpu("2330")
    host.apt_knows("linux-headers-*", "nvidia-*")
    host.file("sys/firmware/efi/efivars/SecureBoot-8be4df61", "\6\0\0\0\0")
    assert plan(host.nvidia())["way"] == "built on the host"


def test_before_the_lists_of_apt_are_there_the_best_way_is_assumed(host: StandIn) -> None:
    host.gpu("2330")
    host.apt_knows("nothing")
    assert plan(host.nvidia())["way"] == "signed by Ubuntu"


def test_with_fresh_lists_a_driver_that_nobody_has_is_a_problem(host: StandIn) -> None:
    host.gpu("2330")
    host.apt_knows("nothing")
    found = host.nvidia(fresh=True)
    assert (found["changes"], problems(found).startswith("apt knows no driver 580")) == ([], True)


def test_debian_gets_nvidias_own_packages_with_the_branch_held(host: StandIn) -> None:
    host.file("etc/os-release", BOOKWORM)
    host.gpu("2330")
    planned = plan(host.nvidia())
    assert (planned["repositories"], planned["packages"]) == (
        ["cuda"],
        [f"linux-headers-{KERNEL}", "nvidia-driver-pinning-580", "nvidia-open"],
    )


def test_debian_gets_the_proprietary_module_for_older_gpus(host: StandIn) -> None:
    host.file("etc/os-release", BOOKWORM)
    host.gpu("1db1")
    assert "cuda-drivers" in plan(host.nvidia())["packages"]


def test_no_driver_is_installed_on_another_system(host: StandIn) -> None:
    host.file("etc/os-release", "ID=fedora\nPRETTY_NAME='Fedora Linux 42'\n")
    host.gpu("2330")
    found = host.nvidia()
    assert (found["changes"], problems(found)) == ([], "Cynthus cannot install an NVIDIA driver on Fedora Linux 42")


def test_nouveau_gives_gpus_up_only_with_a_reboot(host: StandIn) -> None:
    host.gpu("2330")
    host.file("sys/module/nouveau/refcnt", "1")
    found = host.nvidia()
    assert (kinds(found), plan(found)["reboot"]) == (["install", "reboot reboot"], True)


def test_a_driver_that_was_updated_under_its_module_needs_a_reboot_and_nothing_else(host: StandIn) -> None:
    host.gpu("2330")
    host.broken_driver(MISMATCH, 18)
    found = host.nvidia()
    assert (kinds(found), plan(found)["packages"]) == (["reboot reboot"], [])


def test_a_driver_without_a_module_for_the_kernel_is_mended_in_its_own_branch(host: StandIn) -> None:
    host.gpu("2330")
    host.broken_driver(UNREACHED)
    host.packages(nvidia_utils_570_server="570.133.20-0ubuntu0.24.04.1")
    planned = plan(host.nvidia())
    assert (planned["branch"], planned["packages"][0]) == ("570", f"linux-modules-nvidia-570-server-open-{KERNEL}")


def test_a_broken_driver_whose_branch_does_not_fit_is_replaced(host: StandIn) -> None:
    host.gpu("2901")
    host.broken_driver(UNREACHED)
    host.packages(nvidia_utils_535_server="535.183.01-0ubuntu1")
    assert plan(host.nvidia())["branch"] == "580"


def test_packages_that_a_driver_replaces_have_to_be_allowed_to_go(host: StandIn) -> None:
    host.gpu("2330")
    host.broken_driver(UNREACHED)
    host.packages(nvidia_utils_535="535.183.01")
    host.script("apt-get", "echo 'Remv nvidia-utils-535 [535.183.01]'\n")
    found = host.nvidia()
    assert (kinds(found), found["changes"][1]["what"]) == (["install", "remove reboot"], "nvidia-utils-535")


def test_a_driver_that_was_installed_by_hand_is_not_mixed_with_packages(host: StandIn) -> None:
    host.gpu("2330")
    host.broken_driver(UNREACHED)
    host.script("nvidia-uninstall", "")
    found = host.nvidia()
    assert (found["changes"], "installed by hand" in problems(found)) == ([], True)


def test_a_driver_that_was_installed_by_hand_and_works_is_kept(host: StandIn) -> None:
    host.gpu("2330")
    host.driver("580.95.05")
    host.script("nvidia-uninstall", "")
    assert host.nvidia()["changes"] == []
