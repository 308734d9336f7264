"""Links and other odd things in a rendered folder: never written through, never written over."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import RenderConflict
from cynthus.render.folder import Rendered
from tests.render.folders import MAIN, Folder, some

if TYPE_CHECKING:
    from pathlib import Path

UPDATED = MAIN.replace("line 2\n", "line two\n")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file of the user's elsewhere."""
    path = tmp_path / "outside.tf"
    path.write_text(MAIN)
    return path


def replace(written: Folder, outside: Path) -> None:
    (written.root / "main.tf").unlink()
    (written.root / "main.tf").symlink_to(outside)


def test_a_link_in_the_place_of_a_file_is_an_edit(written: Folder, outside: Path) -> None:
    replace(written, outside)
    assert written.write(some())["main.tf"] == "kept"
    assert [(edit.path, edit.kind) for edit in written.workspace.edits()] == [("main.tf", "edited")]


def test_a_link_is_not_written_through(written: Folder, outside: Path) -> None:
    replace(written, outside)
    with pytest.raises(RenderConflict) as caught:
        written.write(some(UPDATED))
    assert "main.tf is a link" in caught.value.details[0]
    assert outside.read_text() == MAIN


def test_removing_the_link_takes_the_new_version(written: Folder, outside: Path) -> None:
    replace(written, outside)
    written.write(some())
    (written.root / "main.tf").unlink()
    (written.root / "main.tf").write_text(MAIN)
    assert written.write(some(UPDATED))["main.tf"] == "updated"


def test_a_link_to_a_folder_is_not_followed(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder.root.mkdir(parents=True)
    (folder.root / "modules").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RenderConflict, match=r"modules/one/main\.tf"):
        folder.write(Rendered({"modules/one/main.tf": b"x"}))
    assert not list((tmp_path / "elsewhere").iterdir())


def test_nothing_is_removed_behind_a_link(folder: Folder, tmp_path: Path) -> None:
    folder.write(Rendered({"a": b"", "modules/main.tf": b"x"}))
    (folder.root / "modules").rename(tmp_path / "elsewhere")
    (folder.root / "modules").symlink_to(tmp_path / "elsewhere")
    assert folder.write(Rendered({"a": b""}))["modules/main.tf"] == "kept"
    assert (tmp_path / "elsewhere/main.tf").read_bytes() == b"x"


def test_a_dangling_link_counts_too(written: Folder) -> None:
    replace(written, written.home / "nowhere")
    assert written.write(some())["main.tf"] == "kept"
    assert not (written.home / "nowhere").exists()


def test_a_folder_in_the_place_of_a_file_is_told(written: Folder) -> None:
    (written.root / "main.tf").unlink()
    (written.root / "main.tf").mkdir()
    with pytest.raises(RenderConflict) as caught:
        written.write(some(UPDATED))
    assert "main.tf is a folder" in caught.value.details[0]


def test_a_file_in_the_place_of_a_folder_is_told(folder: Folder) -> None:
    folder.root.mkdir(parents=True)
    (folder.root / "modules").write_text("mine")
    with pytest.raises(RenderConflict) as caught:
        folder.write(Rendered({"modules/main.tf": b"x"}))
    assert "modules is a file" in caught.value.details[0]


def test_a_pipe_is_not_waited_for(written: Folder) -> None:
    (written.root / "main.tf").unlink()
    os.mkfifo(written.root / "main.tf")
    with pytest.raises(RenderConflict):
        written.write(some(UPDATED))


def test_a_link_among_custom_files_is_not_followed(written: Folder, outside: Path) -> None:
    (written.root / "custom.tf").symlink_to(outside)
    assert written.workspace.edits() == ()
