from __future__ import annotations

from cynthus.render.edits import Edit, unified
from tests.render.folders import AGENT, MAIN, Folder, local, snapshot, some


def edits(folder: Folder) -> dict[str, Edit]:
    return {edit.path: edit for edit in folder.workspace.edits()}


def test_what_was_rendered_is_no_edit(folder: Folder) -> None:
    folder.write(local())
    assert edits(folder) == {}


def test_where_nothing_was_rendered_there_are_none(folder: Folder) -> None:
    assert edits(folder) == {}


def test_an_edit_is_shown_against_what_was_rendered(written: Folder) -> None:
    written.edit("line 5", "my line")
    assert edits(written)["main.tf"].diff == (
        "--- main.tf (rendered)\n+++ main.tf (yours)\n@@ -2,7 +2,7 @@\n"
        " line 2\n line 3\n line 4\n-line 5\n+my line\n line 6\n line 7\n line 8\n"
    )


def test_an_edit_is_shown_after_a_merge_too(written: Folder) -> None:
    written.edit("line 8", "my line")
    written.write(some(MAIN.replace("line 2", "line two")))
    changed = [line for line in edits(written)["main.tf"].diff.splitlines()[2:] if line[0] in "+-"]
    assert changed == ["-line 8", "+my line"]


def test_a_deleted_file_is_an_edit(written: Folder) -> None:
    (written.root / "README.md").unlink()
    assert edits(written) == {"README.md": Edit("README.md", "deleted")}


def test_added_files_that_terraform_reads_are_listed(written: Folder) -> None:
    (written.root / "modules/x").mkdir(parents=True)
    names = (
        "main_override.tf", "custom.tf", "my.auto.tfvars", "my.auto.tfvars.json", "modules/x/override.tf",
        "custom.tofu", "mine.tofu.json",
    )  # fmt: skip
    for name in (*names, "notes.txt"):
        (written.root / name).write_text("secret = 1\n")
    assert edits(written) == {name: Edit(name, "added") for name in names}


def test_what_terraform_downloaded_is_not_searched(written: Folder) -> None:
    (written.root / ".terraform/modules").mkdir(parents=True)
    (written.root / ".terraform/modules/custom.tf").touch()
    assert edits(written) == {}


def test_edits_come_in_the_order_of_their_paths(written: Folder) -> None:
    (written.root / "custom.tf").touch()
    (written.root / "README.md").unlink()
    written.edit("line 5", "my line")
    assert list(edits(written)) == ["README.md", "custom.tf", "main.tf"]


def test_an_edit_without_a_base_is_listed_without_a_diff(written: Folder) -> None:
    written.edit("line 5", "my line")
    clone = written.clone(written.home.with_name("clone"))
    assert edits(clone) == {"main.tf": Edit("main.tf", "edited")}


def test_a_changed_program_is_listed_without_a_diff(folder: Folder) -> None:
    folder.write(local(agent=b"\0"))
    (folder.root / AGENT).write_bytes(b"\0\0")
    assert edits(folder) == {AGENT: Edit(AGENT, "edited")}


def test_looking_touches_nothing(written: Folder) -> None:
    written.edit("line 5", "my line")
    before = snapshot(written.home)
    edits(written)
    assert snapshot(written.home) == before


def test_a_missing_last_newline_is_said() -> None:
    diff = unified("x", b"a\n", b"a", old_name="old", new_name="new")
    assert diff.splitlines()[-3:] == ["-a", "+a", "\\ No newline at end of file"]


def test_text_that_is_no_utf8_is_shown_as_well_as_can_be() -> None:
    assert "+\ufffd" in unified("x", b"a\n", b"\xff\n", old_name="old", new_name="new")


def test_a_file_that_was_emptied_shows_all_its_lines() -> None:
    assert unified("x", b"a\nb\n", b"", old_name="old", new_name="new").splitlines()[3:] == ["-a", "-b"]
