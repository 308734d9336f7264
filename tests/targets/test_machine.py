"""What this machine is found to have."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.process import birth
from cynthus.targets.fit import GIB
from cynthus.targets.local.machine import driver, find_program, gpu_names, has_python, inspect
from tests.targets.places import environment, script

if TYPE_CHECKING:
    from pathlib import Path

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


def gpus(folder: Path, body: str) -> tuple[str, ...]:
    script(folder, "nvidia-smi", body)
    return gpu_names(environment(folder))


def test_the_names_that_the_driver_gives(tmp_path: Path) -> None:
    assert gpus(tmp_path, "echo 'NVIDIA L4'; echo 'Tesla T4 '") == ("NVIDIA L4", "Tesla T4")


def test_the_driver_is_asked_for_names_and_nothing_else(tmp_path: Path) -> None:
    assert gpus(tmp_path, 'echo "$*"') == ("--query-gpu=name --format=csv,noheader",)


def test_the_driver_is_asked_in_the_environment_of_the_user(tmp_path: Path) -> None:
    script(tmp_path, "nvidia-smi", 'echo "$CUDA_DEVICE_ORDER"')
    assert gpu_names(environment(tmp_path, CUDA_DEVICE_ORDER="PCI_BUS_ID")) == ("PCI_BUS_ID",)


@pytest.mark.parametrize(
    ("line", "branch"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 10:11:16 UTC 2025", 580),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.26  Release Build  (dvs-builder@U16)", 570),
        ("something else", None),
        ("", None),
    ],
)
def test_the_kernel_tells_which_branch_the_driver_is_of(tmp_path: Path, line: str, branch: int | None) -> None:
    (tmp_path / "version").write_text(f"{line}\nGCC version:  gcc version 13.3.0\n")
    assert driver(environment(tmp_path), tmp_path / "version") == branch


def test_where_the_kernel_has_no_driver_there_is_no_branch(tmp_path: Path) -> None:
    assert driver(environment(tmp_path), tmp_path / "version") is None


def test_where_the_kernel_does_not_tell_the_driver_itself_is_asked(tmp_path: Path) -> None:
    script(tmp_path, "nvidia-smi", "echo 552.22")
    assert driver(environment(tmp_path), tmp_path / "version") == 552


def test_a_machine_without_the_program_has_no_gpus(tmp_path: Path) -> None:
    assert gpu_names(environment(tmp_path)) == ()


def test_a_driver_that_does_not_answer_well_shows_no_gpus(tmp_path: Path) -> None:
    assert gpus(tmp_path, "echo \"couldn't communicate with the NVIDIA driver\"; exit 9") == ()


def test_a_program_that_cannot_be_started_shows_no_gpus(tmp_path: Path) -> None:
    script(tmp_path, "nvidia-smi", "").write_bytes(b"\x00")
    assert gpu_names(environment(tmp_path)) == ()


def test_a_driver_that_hangs_shows_no_gpus(tmp_path: Path) -> None:
    script(tmp_path, "nvidia-smi", f'echo $$ > "{tmp_path}/pid"; exec {shutil.which("sleep")} 600')
    names = gpu_names(environment(tmp_path), patience=1)
    assert (names, birth(int((tmp_path / "pid").read_text()))) == ((), None)


def test_names_that_are_no_text_do_not_matter(tmp_path: Path) -> None:
    assert gpus(tmp_path, r"printf '\377\n\n'") == ("\N{REPLACEMENT CHARACTER}",)


def test_a_program_is_looked_for_on_the_path_of_the_user(tmp_path: Path) -> None:
    program = script(tmp_path, "tool-of-a-test", "")
    assert find_program("tool-of-a-test", environment(tmp_path)) == str(program)


def test_a_program_on_our_own_path_does_not_count(tmp_path: Path) -> None:
    assert (find_program("sh", environment(tmp_path)), bool(find_program("sh", os.environ))) == (None, True)


def test_without_a_path_the_usual_one_counts() -> None:
    assert find_program("sh", {}) is not None


def test_our_own_python_is_there(tmp_path: Path) -> None:
    assert has_python(OWN, environment(tmp_path))


def test_another_python_is_looked_for_by_its_name(tmp_path: Path) -> None:
    before = has_python("3.99", environment(tmp_path))
    script(tmp_path, "python3.99", "")
    assert (before, has_python("3.99", environment(tmp_path))) == (False, True)


def test_with_uv_any_python_can_be_had(tmp_path: Path) -> None:
    script(tmp_path, "uv", "")
    assert has_python("3.99", environment(tmp_path))


def test_sizes_are_those_of_the_machine(tmp_path: Path) -> None:
    here = inspect(tmp_path, environment(tmp_path))
    assert here.memory == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert here.disk_free == pytest.approx(shutil.disk_usage(tmp_path).free, abs=GIB)


def test_processors_that_we_may_not_use_do_not_count(tmp_path: Path) -> None:
    assert inspect(tmp_path, environment(tmp_path)).cpus == len(os.sched_getaffinity(0))


def test_the_disk_is_that_of_a_folder_that_is_still_to_be_made(tmp_path: Path) -> None:
    assert inspect(tmp_path / "not/yet/there", environment(tmp_path)).disk_free > 0
