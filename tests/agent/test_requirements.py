"""A requirements file, and what it names on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.agent import requirements
from tests.agent.wheels import wheel

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return folder / "requirements.txt"


def test_included_files_belong_to_the_requirements(tmp_path: Path) -> None:
    path = written(tmp_path, requirements="-r a.txt\nx\n", a="--constraint=b.txt\n", b="x==1\n")
    assert [file.name for file in requirements.files(path)] == ["requirements.txt", "a.txt", "b.txt"]


def test_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    path = written(tmp_path, requirements="-r a.txt\n", a="-r requirements.txt\n")
    assert len(requirements.files(path)) == 2


@pytest.mark.parametrize(
    "line", ["./pkg", "-e ./pkg", "pkg/ ; python_version > '3'", "name @ file://{}/pkg", "./pkg[extra]"]
)
def test_a_package_that_is_named_by_its_path_belongs_to_them(tmp_path: Path, line: str) -> None:
    (tmp_path / "pkg").mkdir()
    path = written(tmp_path, requirements=line.format(tmp_path) + "\n")
    assert requirements.files(path) == [path, tmp_path / "pkg"]


@pytest.mark.parametrize("line", ["numpy", "numpy==1", "git+https://x/y", "https://x/y.whl", "# ./pkg", "./not-there"])
def test_what_is_not_here_does_not(tmp_path: Path, line: str) -> None:
    (tmp_path / "pkg").mkdir()
    path = written(tmp_path, requirements=line + "\n")
    assert requirements.files(path) == [path]


def test_a_change_in_any_of_them_is_another_digest(tmp_path: Path) -> None:
    path = written(tmp_path, requirements="-r a.txt\n./tiny-1.0-py3-none-any.whl\n", a="x\n")
    wheel(tmp_path, "tiny")
    seen = {requirements.digest(path)}
    written(tmp_path, a="y\n")
    seen.add(requirements.digest(path))
    wheel(tmp_path, "tiny", body="# other")
    seen.add(requirements.digest(path))
    assert len(seen) == 3


def test_where_they_lie_does_not_matter(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, requirements="x\n")
    assert len({requirements.digest(tmp_path / name / "requirements.txt") for name in ("a", "b")}) == 1


@pytest.mark.parametrize("text", ["", "\n \n", "# x\n", "  # x"])
def test_a_file_without_a_requirement_is_empty(tmp_path: Path, text: str) -> None:
    assert requirements.is_empty(written(tmp_path, requirements=text))


def test_an_included_file_of_another_folder_is_named_without_detours(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    written(tmp_path, base="x\n")
    path = written(tmp_path / "app", requirements="-r ../base.txt\n")
    assert requirements.files(path) == [path, tmp_path / "base.txt"]


def test_an_included_file_of_another_machine_is_the_installers_business(tmp_path: Path) -> None:
    path = written(tmp_path, requirements="-c https://example.org/constraints.txt\nx\n")
    assert requirements.files(path) == [path]


def test_packages_are_told_from_files_to_read(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    path = written(tmp_path, requirements="-r a.txt\n", a="./pkg\n")
    assert requirements.packages(path) == [tmp_path / "pkg"]
