"""What becomes of the files when they are written again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import UsageError
from cynthus.render.folder import Rendered
from tests.render.folders import MAIN, Folder, local, snapshot, some

if TYPE_CHECKING:
    from pathlib import Path

UPDATED = MAIN.replace("line 2\n", "line two\n")


def test_everything_is_new_at_first(folder: Folder) -> None:
    assert folder.write(some()) == {"README.md": "new", "main.tf": "new", "terraform.tfvars.json": "new"}
    assert folder.text() == MAIN


def test_a_second_time_nothing_is_touched(written: Folder) -> None:
    before = {path: path.stat().st_mtime_ns for path in written.home.rglob("*")}
    assert set(written.write(some()).values()) == {"same"}
    assert {path: path.stat().st_mtime_ns for path in written.home.rglob("*")} == before


def test_an_untouched_file_is_brought_up_to_date(written: Folder) -> None:
    assert written.write(some(UPDATED))["main.tf"] == "updated"
    assert written.text() == UPDATED


def test_an_edited_file_is_never_overwritten(written: Folder) -> None:
    written.edit("line 5", "my line")
    assert written.write(some())["main.tf"] == "kept"
    assert "my line" in written.text()


def test_an_edit_and_a_new_version_come_together(written: Folder) -> None:
    written.edit("line 8", "my line")
    assert written.write(some(UPDATED))["main.tf"] == "merged"
    assert written.text() == UPDATED.replace("line 8", "my line")


def test_an_edit_outlives_many_new_versions(written: Folder) -> None:
    written.edit("line 8", "my line")
    for word in ("two", "zwei", "deux"):
        written.write(some(MAIN.replace("line 2\n", f"line {word}\n")))
    assert written.text() == MAIN.replace("line 2", "line deux").replace("line 8", "my line")


def test_an_edit_that_is_taken_back_leaves_the_newest_version(written: Folder) -> None:
    written.edit("line 8", "my line")
    written.write(some(UPDATED))
    written.edit("my line", "line 8")
    assert written.write(some(MAIN))["main.tf"] == "updated"
    assert written.text() == MAIN


def test_an_edit_that_is_just_what_the_new_version_says_is_no_edit(written: Folder) -> None:
    written.edit("line 2", "line two")
    assert written.write(some(UPDATED))["main.tf"] == "same"
    assert written.write(some(MAIN))["main.tf"] == "updated"


def test_a_value_that_the_user_set_stays_beside_a_new_one(written: Folder) -> None:
    (written.root / "terraform.tfvars.json").write_text('{"gpus": 3}')
    assert written.write(some(terraform__tfvars__json='{"gpus": 0, "new": 1}'))["terraform.tfvars.json"] == "merged"
    assert json.loads(written.text("terraform.tfvars.json")) == {"gpus": 3, "new": 1}


def test_a_deleted_file_stays_deleted(written: Folder) -> None:
    (written.root / "README.md").unlink()
    assert written.write(some())["README.md"] == "deleted-by-user"
    assert written.write(some(README__md="new words\n"))["README.md"] == "deleted-by-user"
    assert not (written.root / "README.md").exists()


def test_values_are_written_again_where_they_are_gone(written: Folder) -> None:
    (written.root / "terraform.tfvars.json").unlink()
    assert written.write(some())["terraform.tfvars.json"] == "new"


def test_where_all_was_deleted_all_is_written_again(written: Folder) -> None:
    for name in ("main.tf", "README.md", "terraform.tfvars.json"):
        (written.root / name).unlink()
    assert set(written.write(some()).values()) == {"new"}


def test_a_file_that_is_no_longer_rendered_is_removed(written: Folder) -> None:
    assert written.write(some(README__md=None))["README.md"] == "obsolete"
    assert not (written.root / "README.md").exists()
    assert "README.md" not in written.write(some(README__md=None))


def test_a_file_that_is_no_longer_rendered_but_was_edited_stays(written: Folder) -> None:
    written.edit("read me", "my words", "README.md")
    for _ in range(2):
        assert written.write(some(README__md=None))["README.md"] == "kept"
    assert written.text("README.md") == "my words\n"


def test_a_file_that_was_removed_and_is_rendered_again_is_new(written: Folder) -> None:
    written.write(some(README__md=None))
    assert written.write(some())["README.md"] == "new"


def test_folders_that_become_empty_go_too(folder: Folder) -> None:
    folder.write(Rendered({"a": b"", "modules/one/main.tf": b"x"}))
    folder.write(Rendered({"a": b""}))
    assert not (folder.root / "modules").exists()


def test_a_folder_with_something_of_the_users_in_it_stays(folder: Folder) -> None:
    folder.write(Rendered({"a": b"", "modules/one/main.tf": b"x"}))
    (folder.root / "modules/one/custom.tf").write_text("mine")
    folder.write(Rendered({"a": b""}))
    assert (folder.root / "modules/one/custom.tf").read_text() == "mine"


@pytest.mark.parametrize(
    "name", ["override.tf", "x_override.tf", "custom.tf", "custom-disk.tf", "my.auto.tfvars", "my.auto.tfvars.json",
             "custom.tofu", "x_override.tofu",
             "terraform.tfstate", "terraform.tfstate.backup", ".terraform.lock.hcl", ".terraform/x", "notes.txt"],
)  # fmt: skip
def test_files_of_the_users_and_of_terraforms_are_never_touched(written: Folder, name: str) -> None:
    path = written.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    path.chmod(0o600)
    assert name not in written.write(some(UPDATED))
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("mine", 0o600)


def test_a_program_can_be_executed(folder: Folder) -> None:
    folder.write(local())
    assert (folder.root / "inventory.py").stat().st_mode & 0o111 == 0o111
    assert (folder.root / "main.tf").stat().st_mode & 0o111 == 0


def test_a_program_that_lost_its_permission_gets_it_back(folder: Folder) -> None:
    folder.write(local())
    (folder.root / "inventory.py").chmod(0o644)
    folder.write(local())
    assert (folder.root / "inventory.py").stat().st_mode & 0o100


def test_permissions_that_the_user_set_stay(written: Folder) -> None:
    (written.root / "main.tf").chmod(0o600)
    written.write(some(UPDATED))
    assert (written.root / "main.tf").stat().st_mode & 0o777 == 0o600


def test_nothing_but_the_files_and_their_manifest_is_left(folder: Folder) -> None:
    folder.write(local())
    names = {path.relative_to(folder.root).as_posix() for path in folder.root.rglob("*") if path.is_file()}
    assert names == {*local().files, ".rendered.json"}


def test_the_pristine_copy_is_what_was_rendered(written: Folder) -> None:
    written.edit("line 8", "my line")
    written.write(some(UPDATED))
    assert (written.home / ".cynthus/pristine/main.tf").read_text() == UPDATED


def test_comparing_says_what_writing_would_do_and_touches_nothing(written: Folder) -> None:
    written.edit("line 8", "my line")
    files = some(UPDATED, README__md=None, versions__tf="terraform {}\n")
    before = snapshot(written.home)
    expected = {"main.tf": "merged", "README.md": "obsolete", "versions.tf": "new", "terraform.tfvars.json": "same"}
    assert written.compare(files) == expected
    assert snapshot(written.home) == before
    assert written.write(files) == expected


def test_comparing_makes_no_folder(folder: Folder) -> None:
    assert set(folder.compare(some()).values()) == {"new"}
    assert not folder.home.exists()


def test_another_id_replaces_the_one_that_was_copied(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(local())
    folder.write(local(deployment="other-000000"))
    assert json.loads(folder.text("terraform.tfvars.json"))["deployment"] == "other-000000"


def test_a_path_that_cannot_be_looked_at_is_named(written: Folder) -> None:
    name = "x" * 300  # longer than any file system takes
    with pytest.raises(UsageError, match=r"cannot read .*too long"):
        written.write(Rendered({name: b""}))
