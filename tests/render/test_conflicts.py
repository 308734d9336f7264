"""Edits that contradict a new version, and how they are mended."""

from __future__ import annotations

import pytest

from cynthus.errors import RenderConflict
from tests.render.folders import AGENT, MAIN, Folder, local, snapshot, some

OURS = MAIN.replace("line 5", "our line")
THEIRS = MAIN.replace("line 5", "my line")


def refused(folder: Folder, main: str = OURS, /, **files: str | None) -> RenderConflict:
    with pytest.raises(RenderConflict) as caught:
        folder.write(some(main, **files))
    return caught.value


@pytest.fixture
def torn(written: Folder) -> Folder:
    """A folder whose main.tf was edited where the new version changes it."""
    written.edit("line 5", "my line")
    return written


def test_nothing_at_all_is_written(torn: Folder) -> None:
    before = snapshot(torn.root)
    refused(torn, OURS, README__md="new words\n", versions__tf="new\n")
    assert snapshot(torn.root) == before


def test_both_versions_are_shown(torn: Folder) -> None:
    details = refused(torn).details
    assert details[:2] == ("--- main.tf (yours)", "+++ main.tf (new)")
    assert {"-my line", "+our line"} <= set(details)


def test_the_file_is_named_and_the_hint_says_what_to_do(torn: Folder) -> None:
    error = refused(torn)
    assert error.message == "a file that you changed contradicts its new version: main.tf"
    assert "delete it to take the new version" in error.hint


def test_all_conflicts_are_told_at_once(torn: Folder) -> None:
    torn.edit("read me", "my words", "README.md")
    error = refused(torn, OURS, README__md="our words\n")
    assert error.message.endswith("new versions: README.md, main.tf")
    assert {"-my line", "-my words"} <= set(error.details)


def test_it_stays_a_conflict_as_long_as_nothing_is_done(torn: Folder) -> None:
    for _ in range(3):
        refused(torn)


def test_comparing_tells_it_too_and_remembers_nothing(torn: Folder) -> None:
    before = snapshot(torn.home)
    with pytest.raises(RenderConflict):
        torn.compare(some(OURS))
    assert snapshot(torn.home) == before


def test_a_file_made_as_the_user_wants_it_stays_so(torn: Folder) -> None:
    refused(torn)
    torn.edit("my line", "our line, my way")
    assert torn.write(some(OURS))["main.tf"] == "kept"
    assert torn.text() == MAIN.replace("line 5", "our line, my way")


def test_what_was_mended_merges_with_the_next_version(torn: Folder) -> None:
    refused(torn)
    torn.edit("my line", "our line, my way")
    torn.write(some(OURS))
    assert torn.write(some(OURS.replace("line 1", "first line")))["main.tf"] == "merged"
    assert torn.text().startswith("first line\n")
    assert "our line, my way" in torn.text()


def test_deleting_the_file_takes_the_new_version(torn: Folder) -> None:
    refused(torn)
    (torn.root / "main.tf").unlink()
    assert torn.write(some(OURS))["main.tf"] == "new"
    assert torn.text() == OURS


def test_taking_the_edit_back_takes_the_new_version(torn: Folder) -> None:
    refused(torn)
    torn.edit("my line", "line 5")
    assert torn.write(some(OURS))["main.tf"] == "updated"


def test_another_new_version_is_another_conflict(torn: Folder) -> None:
    refused(torn)
    torn.edit("my line", "my other line")
    refused(torn, MAIN.replace("line 5", "our third line"))


def test_a_conflict_that_went_away_by_itself_is_forgotten(torn: Folder) -> None:
    refused(torn)
    torn.write(some())
    torn.edit("my line", "my other line")
    refused(torn)


def test_a_value_changed_by_both_sides_is_a_conflict(written: Folder) -> None:
    (written.root / "terraform.tfvars.json").write_text('{"gpus": 3}')
    assert "terraform.tfvars.json" in refused(written, MAIN, terraform__tfvars__json='{"gpus": 1}').message


def test_values_that_are_no_json_any_more_are_a_conflict_and_not_replaced(written: Folder) -> None:
    (written.root / "terraform.tfvars.json").write_text('{"gpus": 3,}')
    refused(written, MAIN, terraform__tfvars__json='{"gpus": 1}')
    assert written.text("terraform.tfvars.json") == '{"gpus": 3,}'


def test_a_file_that_was_there_before_us_is_not_overwritten(folder: Folder) -> None:
    folder.root.mkdir(parents=True)
    (folder.root / "main.tf").write_text("mine")
    assert "main.tf" in refused(folder).message
    assert snapshot(folder.root) == {"main.tf": b"mine"}


def test_a_file_that_was_there_before_us_and_is_the_same_is_fine(folder: Folder) -> None:
    folder.root.mkdir(parents=True)
    (folder.root / "main.tf").write_text(MAIN)
    assert folder.write(some())["main.tf"] == "same"


@pytest.mark.parametrize("agent", [b"agent", b"new\0agent"])
def test_a_changed_agent_is_damage_whether_there_is_a_new_one_or_not(folder: Folder, agent: bytes) -> None:
    folder.write(local())
    (folder.root / AGENT).write_bytes(b"agent\r\n")
    with pytest.raises(RenderConflict) as caught:
        folder.write(local(agent=agent))
    assert caught.value.hint.startswith(f"delete {AGENT}")
    assert len(caught.value.details) == 1


def test_a_changed_agent_cannot_be_kept_by_changing_it_again(folder: Folder) -> None:
    folder.write(local())
    for damage in (b"one", b"two"):
        (folder.root / AGENT).write_bytes(damage)
        with pytest.raises(RenderConflict):
            folder.write(local())


def test_a_deleted_agent_is_written_anew(folder: Folder) -> None:
    folder.write(local())
    (folder.root / AGENT).unlink()
    assert folder.write(local())[AGENT] == "new"


def test_an_untouched_agent_is_replaced(folder: Folder) -> None:
    folder.write(local(agent=b"old\0"))
    assert folder.write(local(agent=b"new\0"))[AGENT] == "updated"


def test_deleting_takes_the_new_version_also_one_that_was_not_shown(torn: Folder) -> None:
    refused(torn)
    (torn.root / "main.tf").unlink()
    torn.write(some(MAIN.replace("line 5", "line five and a half")))
    assert "line five and a half" in (torn.root / "main.tf").read_text()


def test_looking_says_to_render_first(torn: Folder) -> None:
    with pytest.raises(RenderConflict) as caught:
        torn.workspace.compare(some(MAIN.replace("line 5", "line five")))
    assert caught.value.hint.startswith("run `cynthus render`; then")
