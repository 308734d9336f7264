"""A tree as what is only read from now on, and nothing of anybody else's."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from cynthus.agent.settled import settle
from tests.damage import like_everybody

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def content(tmp_path: Path) -> Path:
    made = tmp_path / "content"
    made.mkdir()
    return made


def _file(path: Path, mode: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("rows")
    path.chmod(mode)
    return path


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("before", "after"), [(0o600, 0o444), (0o755, 0o555), (0o640, 0o444)])
def test_everybody_reads_what_came_from_elsewhere(content: Path, before: int, after: int) -> None:
    file = _file(content / "x", before)
    settle(content)
    assert _mode(file) == after


@pytest.mark.parametrize(("before", "after"), [(0o600, 0o400), (0o755, 0o555), (0o640, 0o440), (0o200, 0o400)])
def test_nobody_else_reads_what_was_made_here_than_before(content: Path, before: int, after: int) -> None:
    file = _file(content / "x", before)
    settle(content, everybody=False)
    assert _mode(file) == after


@pytest.mark.parametrize(("before", "after"), [(0o700, 0o700), (0o777, 0o755), (0o000, 0o700)])
def test_nor_a_folder_that_is_closed(content: Path, before: int, after: int) -> None:
    file = _file(content / "deep/x", 0o644)
    file.parent.chmod(before)
    with like_everybody():
        told = settle(content, everybody=False)
    assert (_mode(file.parent), _mode(file), told) == (after, 0o444, (1, 4))


@pytest.mark.parametrize("everybody", [True, False])
def test_a_file_that_has_a_name_outside_stays_what_it_was_there(
    tmp_path: Path, content: Path, everybody: bool  # noqa: FBT001 - both are tried
) -> None:
    own = _file(tmp_path / "own", 0o600)
    for name in ("x", "y"):
        os.link(own, content / name)
    assert settle(content, everybody=everybody) == (2, 8)
    assert (_mode(own), _mode(content / "x") & 0o222, own.stat().st_nlink) == (0o600, 0, 1)
    assert sorted(each.name for each in content.iterdir()) == ["x", "y"]


def test_the_copy_is_the_file_again(tmp_path: Path, content: Path) -> None:
    own = _file(tmp_path / "own", 0o600)
    os.utime(own, (1, 1))
    os.link(own, content / "x")
    settle(content)
    assert ((content / "x").read_text(), (content / "x").stat().st_mtime) == ("rows", 1)


def test_names_of_one_file_stay_that_where_all_of_them_are_here(content: Path) -> None:
    file = _file(content / "x", 0o644)
    os.link(file, content / "y")
    settle(content)
    assert (file.stat().st_ino, _mode(file)) == ((content / "y").stat().st_ino, 0o444)


def test_what_a_link_leads_to_is_left_alone(tmp_path: Path, content: Path) -> None:
    own, folder = _file(tmp_path / "own", 0o600), tmp_path / "folder"
    folder.mkdir(mode=0o700)
    (content / "x").symlink_to(own)
    (content / "y").symlink_to(folder)
    settle(content)
    assert (_mode(own), _mode(folder)) == (0o600, 0o700)
