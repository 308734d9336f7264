"""The rendered files are the user's to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.test_by_hand import terraform

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User


@pytest.fixture
def folder(user: User) -> Path:
    made = user.folder(main="print('ran')\n")
    assert user.cynthus("render", made).code == 0
    return made


@pytest.fixture
def main_tf(folder: Path) -> Path:
    return folder / "infra/local/compute/main.tf"


def test_an_edit_is_kept_by_the_next_up(user: User, folder: Path, main_tf: Path) -> None:
    main_tf.write_text(main_tf.read_text() + "\n# mine\n")
    assert user.cynthus("up", folder, "-y").code == 0
    assert main_tf.read_text().endswith("\n# mine\n")


def test_diff_shows_an_edit(user: User, folder: Path, main_tf: Path) -> None:
    main_tf.write_text(main_tf.read_text() + "\n# mine\n")
    assert "+# mine" in user.cynthus("diff", folder).out.splitlines()


def test_diff_without_edits_says_so(user: User, folder: Path) -> None:
    answer = user.cynthus("diff", folder)
    assert (answer.code, answer.out) == (0, "")
    assert "no edits" in answer.err


def test_render_check_is_content_with_an_edit(user: User, folder: Path, main_tf: Path) -> None:
    main_tf.write_text(main_tf.read_text() + "\n# mine\n")
    assert user.cynthus("render", "--check", folder).code == 0


def test_render_check_tells_a_stale_folder(user: User, folder: Path) -> None:
    (folder / "cynthus.yaml").write_text("env: {A: b}\n")
    assert user.cynthus("render", "--check", folder).code == 2


def test_render_check_ends_with_1_for_a_broken_spec(user: User, folder: Path) -> None:
    (folder / "cynthus.yaml").write_text("nme: x\n")
    assert user.cynthus("render", "--check", folder).code == 1


@pytest.fixture
def conflict(folder: Path) -> Path:
    """The user and the spec both want another value for the same key."""
    values = folder / "infra/local/compute/run.json"
    values.write_text(values.read_text().replace('"python",\n', '"python3",\n', 1))
    (folder / "cynthus.yaml").write_text("run: [python, -u, main.py]\n")
    return values


def test_a_conflict_stops_before_anything_is_applied(user: User, folder: Path, conflict: Path) -> None:
    before = conflict.read_bytes()
    answer = user.cynthus("up", folder, "-y")
    assert answer.code == 1, answer
    assert "CYN-210" in answer.err
    assert (conflict.read_bytes(), user.on_host()) == (before, [])


def test_a_conflict_is_shown_as_a_diff(user: User, folder: Path, conflict: Path) -> None:
    err = user.cynthus("up", folder, "-y").err
    assert conflict.name in err
    assert "python3" in err


@pytest.mark.parametrize("name", ["main_override.tf", "custom.tf", "custom_disk.tf", "mine.auto.tfvars"])
def test_files_of_the_users_own_are_never_touched(user: User, folder: Path, name: str) -> None:
    own = folder / "infra/local/compute" / name
    own.write_text("# the user's\n")
    (folder / "cynthus.yaml").write_text("env: {A: b}\n")
    assert user.cynthus("render", folder).code == 0
    assert own.read_text() == "# the user's\n"


def test_custom_resources_are_planned_and_applied(user: User, folder: Path) -> None:
    (folder / "infra/local/compute/custom.tf").write_text('resource "terraform_data" "mine" {\n  input = "x"\n}\n')
    answer = user.cynthus("up", folder, "-y")
    assert answer.code == 0, answer
    assert "+ terraform_data.mine" in answer.err


def test_what_would_be_replaced_is_not_accepted_by_yes(user: User, folder: Path) -> None:
    custom = folder / "infra/local/compute/custom.tf"
    custom.write_text('resource "terraform_data" "mine" {\n  triggers_replace = "one"\n}\n')
    assert user.cynthus("up", folder, "-y").code == 0
    custom.write_text(custom.read_text().replace("one", "two"))
    (folder / "main.py").write_text("print('again')\n")
    answer = user.cynthus("up", folder, "-y")
    assert answer.code == 2
    assert "terraform_data.mine" in answer.err


def test_plan_with_detailed_exitcode_tells_that_something_would_be_made(user: User, folder: Path) -> None:
    assert user.cynthus("plan", folder, "--detailed-exitcode").code == 2


def test_plan_with_detailed_exitcode_after_up_tells_that_nothing_would(user: User, folder: Path) -> None:
    user.cynthus("up", folder, "-y")
    assert user.cynthus("plan", folder, "--detailed-exitcode").code == 0


def test_a_copied_folder_gets_a_deployment_of_its_own(user: User, folder: Path) -> None:
    import shutil

    user.cynthus("up", folder, "-y")
    copy = shutil.copytree(folder, user.place / "copy", symlinks=True)
    assert user.cynthus("up", copy, "-y").code == 0
    assert len({each["id"] for each in user.deployments()}) == 2


def test_a_moved_folder_keeps_its_deployment(user: User, folder: Path) -> None:
    user.cynthus("up", folder, "-y")
    before = user.status(folder)["id"]
    moved = folder.rename(user.place / "elsewhere")
    (moved / "main.py").write_text("print('moved')\n")
    assert user.cynthus("up", moved, "-y").out == "moved\n"
    assert user.status(moved)["id"] == before


def test_after_terraform_destroy_by_hand_up_says_that_no_host_stands(user: User, folder: Path) -> None:
    user.cynthus("up", folder, "-y")
    assert terraform(user, folder / "infra/local/compute", "destroy", "-auto-approve").returncode == 0
    answer = user.cynthus("up", folder, "-y")
    assert answer.code == 0, answer
    assert f"no host stands any more; `cynthus run {folder}` makes it again" in answer.err


def test_a_broken_edit_is_not_nothing(user: User, folder: Path, main_tf: Path) -> None:
    user.cynthus("up", folder, "-y")
    main_tf.write_text("{")
    assert "CYN-310" in user.cynthus("up", folder, "-y").err


def test_deleted_values_do_not_stop_destroy(user: User, folder: Path, main_tf: Path) -> None:
    user.cynthus("up", folder, "-y")
    main_tf.with_name("terraform.tfvars.json").unlink()
    answer = user.cynthus("destroy", folder, "-y")
    assert (answer.code, user.on_host()) == (0, []), answer


def test_the_error_for_a_deleted_file_shows_the_way_back(user: User, folder: Path, main_tf: Path) -> None:
    main_tf.unlink()
    assert "`cynthus render --restore main.tf` brings it back" in user.cynthus("plan", folder).err
    assert user.cynthus("render", folder, "--restore", "main.tf").code == 0
    assert user.cynthus("plan", folder).code == 0
