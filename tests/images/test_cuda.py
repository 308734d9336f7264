"""The base with CUDA: none where no package needs one, and one that the packages and the driver know."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from cynthus.images import cuda
from cynthus.images.cuda import choose
from cynthus.images.found import canonical

NVIDIA = Path(__file__).parents[2] / "templates/ansible/roles/nvidia/defaults/main.yml"


def image(*lines: str, driver: int | None = None, python: str | None = None, wanted: str = "auto") -> str | None:
    base = choose(lines, driver=driver, python=python, wanted=wanted).base
    return base.image.removeprefix("nvidia/cuda:") if base else None


def warning(*lines: str, driver: int | None = None, python: str | None = None, wanted: str = "auto") -> str:
    choice = choose(lines, driver=driver, python=python, wanted=wanted)
    assert choice.base is None
    return choice.warnings[-1]


@pytest.mark.parametrize("line", ["torch", "vllm", "jax[cuda13]", "xformers==0.1", "numpy", "# flash-attn", "-r x.txt"])
def test_what_brings_cuda_along_or_needs_none_gets_no_base(line: str) -> None:
    assert image(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "tensorflow[and-cuda]", "cupy-cuda12x[ctk]>=13", "onnxruntime-gpu[cuda,cudnn]", "numba-cuda[cu12]",
        "flash-attn; sys_platform == 'win32'", "jax",
    ],
)  # fmt: skip
def test_an_extra_or_a_marker_may_say_that_none_is_needed(line: str) -> None:
    assert image(line) is None


def test_an_index_in_a_comment_says_nothing() -> None:
    assert str(image("# -i https://download.pytorch.org/whl/cu126", "flash-attn")).startswith("13.")


@pytest.mark.parametrize(
    "line",
    ["flash-attn==2.7.4 --config-settings=x=y", "flash-attn==2.7.4\t--hash=sha256:aa", "flash-attn; os_name=='posix'"],
)
def test_options_and_markers_of_a_line_do_not_hide_it(line: str) -> None:
    assert image(line) is not None


def test_markers_are_of_the_python_of_the_base() -> None:
    lines = ("flash-attn", "torch==2.2.0; python_version < '3.12'", "torch==2.12.0; python_version >= '3.12'")
    assert (str(image(*lines))[:2], str(image(*lines, python="3.10"))[:2]) == ("13", "12")


def test_a_ready_wheel_needs_no_compiler() -> None:
    assert image("flash-attn @ https://e.org/flash_attn-2.8.3+cu12torch2.8-cp312-cp312-linux_x86_64.whl") is None


@pytest.mark.parametrize(
    ("line", "part"), [("flash-attn", "devel"), ("Flash_Attn==2.8.3 \\", "devel"), ("cupy-cuda13x", "runtime")]
)
def test_what_compiles_gets_the_compiler_and_what_only_loads_does_not(line: str, part: str) -> None:
    assert image(line) == f"13.0.3-cudnn-{part}-ubuntu24.04"


def test_one_that_compiles_beside_one_that_loads_gets_the_compiler() -> None:
    assert image("cupy-cuda13x", "pycuda") == "13.0.3-cudnn-devel-ubuntu24.04"


@pytest.mark.parametrize(
    ("torch", "major"),
    [
        ("torch", "13"), ("torch>=2.4", "13"), ("torch<3,>=2.4", "13"), ("torch==2.11.0", "13"),
        ("torch==2.10.0", "12"), ("torch==2.8.*", "12"), ("torch~=2.9.0", "12"), ("torch<2.11", "12"),
        ("torch<=2.10", "12"), ("torch==2.9.1+cu126", "12"),
    ],
)  # fmt: skip
def test_an_extension_of_torch_is_compiled_with_the_cuda_that_torch_is_made_for(torch: str, major: str) -> None:
    assert str(image("flash-attn", torch)).startswith(f"{major}.")


@pytest.mark.parametrize(
    "lines",
    [
        ("torch==2.12.0+cu126",),
        ("torch == 2.12.0+cu126",),
        ("--extra-index-url https://download.pytorch.org/whl/cu126", "torch"),
        ("-i https://download.pytorch.org/whl/cu129", "torch"),
        ("--pre", "--index-url https://download.pytorch.org/whl/nightly/cu128", "torch"),
    ],
)
def test_a_torch_of_pytorchs_own_index_says_what_it_is_made_for(lines: tuple[str, ...]) -> None:
    assert str(image("flash-attn", *lines)).startswith("12.")


@pytest.mark.parametrize(
    ("line", "major"),
    [("onnxruntime-gpu", "13"), ("onnxruntime-gpu==1.26", "12"), ("onnxruntime-gpu<1.27", "12"), ("tensorflow", "12")],
)
def test_other_releases_are_made_for_another_cuda(line: str, major: str) -> None:
    assert str(image(line, driver=590)).startswith(f"{major}.")


def test_of_a_release_that_is_older_than_the_table_nothing_is_claimed() -> None:
    assert image("tensorflow==2.10.0") is None


@pytest.mark.parametrize(
    ("driver", "tag"), [(595, "12.9.1"), (580, "12.9.1"), (575, "12.9.1"), (570, "12.8.1"), (560, "12.6.3")]
)
def test_the_driver_decides_about_the_minor_version(driver: int, tag: str) -> None:
    assert image("cupy-cuda12x", driver=driver) == f"{tag}-cudnn-runtime-ubuntu24.04"


def test_an_older_driver_that_knows_the_major_version_gets_the_oldest_base() -> None:
    assert image("cupy-cuda12x", driver=525) == "12.4.1-cudnn-runtime-ubuntu22.04"


def test_a_driver_that_is_too_old_is_told() -> None:
    assert warning("flash-attn", driver=535) == (
        "flash-attn needs CUDA, and CUDA 13 takes a driver from 580 on, and the one of the machine is 535"
    )


@pytest.mark.parametrize(
    ("python", "system"), [("3.12", "ubuntu24.04"), ("3.10", "ubuntu22.04"), (None, "ubuntu24.04")]
)
def test_the_python_that_is_asked_for_decides_about_the_system(python: str | None, system: str) -> None:
    assert str(image("pycuda", python=python)).endswith(system)


def test_a_python_that_no_base_has_is_told_with_one_that_it_has() -> None:
    assert 'no base with it has Python 3.13: `image: {python: "3.12"}`' in warning("pycuda", python="3.13")


def test_packages_for_two_versions_of_cuda_get_the_newer_one_and_are_told_of() -> None:
    choice = choose(["cupy-cuda12x", "flash-attn"], driver=None, python=None)
    assert choice.base is not None
    assert (choice.base.image[:16], choice.warnings) == (
        "nvidia/cuda:13.0", ("cupy-cuda12x and flash-attn are made for CUDA 12 and 13: the newer one is taken",),
    )


def test_why_it_is_this_one_is_told() -> None:
    assert choose(["pycuda"], driver=570, python=None).because == (
        "pycuda needs CUDA: nvidia/cuda:12.8.1-cudnn-devel-ubuntu24.04 with Python 3.12, for driver 570"
    )


def test_none_is_none_whatever_needs_one() -> None:
    assert image("flash-attn", wanted="none") is None


def test_a_version_that_is_named_counts_more_than_what_is_needed() -> None:
    assert image("flash-attn", wanted="12.8", driver=580) == "12.8.1-cudnn-devel-ubuntu24.04"


def test_a_version_that_is_named_is_for_compiling_where_nothing_says_otherwise() -> None:
    assert image(wanted="12.6") == "12.6.3-cudnn-devel-ubuntu24.04"


def test_a_version_that_is_not_known_is_told_with_those_that_are() -> None:
    assert "13.0, 12.9, 12.8, 12.6, 12.4" in warning(wanted="12.5")


def test_without_a_driver_it_is_the_one_that_the_role_installs() -> None:
    assert yaml.safe_load(NVIDIA.read_text())["nvidia_branch"] == cuda.INSTALLED


def test_the_oldest_driver_for_cuda_12_is_the_oldest_that_the_role_keeps() -> None:
    table = json.loads(cuda.TABLE.read_text())
    assert str(table["minimum"]["12"]) == yaml.safe_load(NVIDIA.read_text())["nvidia_minimum"]


def test_the_table_is_dated_and_spells_packages_as_pypi_does() -> None:
    table = json.loads(cuda.TABLE.read_text())
    assert re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", table["dated"])
    assert [*table["packages"]] == sorted(map(canonical, table["packages"]))


def test_bases_stand_newest_first_with_older_drivers_below() -> None:
    bases = json.loads(cuda.TABLE.read_text())["bases"]
    assert [each["driver"] for each in bases] == sorted((each["driver"] for each in bases), reverse=True)
    assert all(each["tag"].startswith(each["cuda"]) for each in bases)
