"""Disks that are full or cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import DiskFull, FolderNotWritable
from cynthus.render.workspace import Workspace
from tests.render.folders import MAIN, Folder, snapshot, some
from tests.state.disks import fill, make_read_only, mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "small", "size=256k") as folder:
        yield folder


def test_a_full_disk_is_told_and_loses_no_edit(small: Path) -> None:
    folder = Folder(small)
    folder.write(some())
    folder.edit("line 8", "my line")
    before = snapshot(folder.root)
    fill(small)
    files = some(MAIN.replace("line 2", "line two"), big__txt="x" * 100_000)
    with pytest.raises(DiskFull):
        folder.write(files)
    assert snapshot(folder.root) == before
    (small / "filler").unlink()
    assert folder.write(files)["main.tf"] == "merged"


def test_a_folder_that_cannot_be_written_is_told(small: Path) -> None:
    make_read_only(small)
    with pytest.raises(FolderNotWritable, match="read-only"):
        Folder(small).write(some())


def test_an_unchanged_folder_need_not_be_writable(small: Path) -> None:
    folder = Folder(small)
    folder.write(some())
    make_read_only(small)
    assert set(folder.write(some()).values()) == {"same"}


def test_a_conflict_is_told_although_it_cannot_be_remembered(small: Path, tmp_path: Path) -> None:
    (small / "main.tf").write_text("mine")
    make_read_only(small)
    with pytest.raises(FolderNotWritable):
        Workspace(small, small / "pristine").write(some())
    assert (small / "main.tf").read_text() == "mine"
    assert tmp_path.is_dir()


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "infra").write_text("mine")
    with pytest.raises(FolderNotWritable, match="infra is in the way"):
        Folder(tmp_path).write(some())
    assert (tmp_path / "infra").read_text() == "mine"
