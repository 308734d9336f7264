"""A folder that came from elsewhere: git has the files and their manifest, but not our pristine copies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import RenderConflict
from cynthus.render.manifest import digest
from tests.render.folders import MAIN, Folder, some

if TYPE_CHECKING:
    from pathlib import Path

UPDATED = MAIN.replace("line 2\n", "line two\n")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path / "clone"


def test_untouched_files_are_brought_up_to_date(written: Folder, elsewhere: Path) -> None:
    clone = written.clone(elsewhere)
    assert clone.write(some(UPDATED))["main.tf"] == "updated"


def test_nothing_new_leaves_all_as_it_is(written: Folder, elsewhere: Path) -> None:
    clone = written.clone(elsewhere)
    assert set(clone.write(some()).values()) == {"same"}


def test_an_edit_is_kept_where_our_version_is_the_one_it_was_made_from(written: Folder, elsewhere: Path) -> None:
    written.edit("line 8", "my line")
    clone = written.clone(elsewhere)
    assert clone.write(some())["main.tf"] == "kept"


def test_an_edit_that_was_kept_once_merges_from_then_on(written: Folder, elsewhere: Path) -> None:
    written.edit("line 8", "my line")
    clone = written.clone(elsewhere)
    clone.write(some())
    assert clone.write(some(UPDATED))["main.tf"] == "merged"


def test_an_edit_of_an_older_version_is_a_conflict(written: Folder, elsewhere: Path) -> None:
    written.edit("line 8", "my line")
    clone = written.clone(elsewhere)
    with pytest.raises(RenderConflict, match=r"main\.tf"):
        clone.write(some(UPDATED))


def test_values_that_were_added_by_either_side_come_together(written: Folder, elsewhere: Path) -> None:
    (written.root / "terraform.tfvars.json").write_text('{"gpus": 0, "mine": 1}')
    clone = written.clone(elsewhere)
    clone.write(some(terraform__tfvars__json='{"gpus": 0, "new": 1}'))
    assert json.loads(clone.text("terraform.tfvars.json")) == {"gpus": 0, "new": 1, "mine": 1}


def test_a_deleted_file_stays_deleted(written: Folder, elsewhere: Path) -> None:
    (written.root / "README.md").unlink()
    clone = written.clone(elsewhere)
    for _ in range(2):
        assert clone.write(some(UPDATED))["README.md"] == "deleted-by-user"


def test_an_untouched_file_that_is_no_longer_rendered_is_removed(written: Folder, elsewhere: Path) -> None:
    clone = written.clone(elsewhere)
    assert clone.write(some(README__md=None))["README.md"] == "obsolete"


def test_an_edited_file_that_is_no_longer_rendered_stays(written: Folder, elsewhere: Path) -> None:
    written.edit("read me", "my words", "README.md")
    clone = written.clone(elsewhere)
    clone.write(some(README__md=None))
    assert clone.text("README.md") == "my words\n"


def pull(source: Folder, into: Folder) -> None:
    source.clone(into.home)


def test_what_a_colleague_rendered_is_no_edit_of_mine(written: Folder, elsewhere: Path) -> None:
    mine = written.clone(elsewhere)
    mine.write(some())
    written.write(some(UPDATED))
    pull(written, mine)
    assert mine.workspace.edits() == ()
    assert mine.write(some(MAIN.replace("line 2", "line zwei")))["main.tf"] == "updated"


def test_what_a_colleague_edited_in_a_newer_version_is_kept(written: Folder, elsewhere: Path) -> None:
    mine = written.clone(elsewhere)
    mine.write(some())
    written.write(some(UPDATED))
    written.edit("line 3", "a colleague's line")
    pull(written, mine)
    assert mine.write(some(UPDATED))["main.tf"] == "kept"
    assert mine.write(some(UPDATED.replace("line 8", "line eight")))["main.tf"] == "merged"
    assert "a colleague's line" in mine.text()


def test_going_back_to_an_older_commit_is_no_edit(written: Folder, elsewhere: Path) -> None:
    older = written.clone(elsewhere)
    written.write(some(UPDATED))
    pull(older, written)
    assert written.write(some(UPDATED))["main.tf"] == "updated"


@pytest.mark.parametrize(
    "text", ["", "<<<<<<< HEAD\n", "[]", '{"files": []}', '{"files": {"main.tf": 3}}', '{"files": {"main.tf": "x"}}']
)
def test_a_broken_manifest_means_that_less_is_known(written: Folder, elsewhere: Path, text: str) -> None:
    clone = written.clone(elsewhere)
    (clone.root / ".rendered.json").write_text(text)
    with pytest.raises(RenderConflict):
        clone.write(some(UPDATED))
    assert set(clone.write(some()).values()) == {"same"}
    assert json.loads(clone.text(".rendered.json"))["files"].keys() == some().files.keys()


def test_a_broken_manifest_does_no_harm_where_the_copies_are(written: Folder) -> None:
    written.edit("line 8", "my line")
    (written.root / ".rendered.json").write_text("<<<<<<< HEAD\n")
    assert written.write(some(UPDATED))["main.tf"] == "merged"


@pytest.mark.parametrize("path", ["../../../victim", "/victim", "a/../../victim", "custom.tf", "terraform.tfstate"])
def test_a_manifest_cannot_have_a_file_removed_that_is_not_ours(written: Folder, elsewhere: Path, path: str) -> None:
    clone = written.clone(elsewhere)
    victim = clone.root / path if not path.startswith("/") else elsewhere / "victim"
    (clone.root / "a").mkdir()
    victim.write_text("mine")
    manifest = json.loads(clone.text(".rendered.json"))
    # By its hash it looks untouched.
    manifest["files"][path] = digest(b"mine")
    (clone.root / ".rendered.json").write_text(json.dumps(manifest))
    clone.write(some())
    assert victim.read_text() == "mine"
