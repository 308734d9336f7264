"""`down` brings everything home first and leaves nothing behind."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.journeys.user import WAIT, processes_with, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User


@pytest.fixture
def folder(user: User) -> Path:
    made = user.folder()
    assert user.cynthus("up", made, "-y").code == 0
    return made


def test_nothing_is_left_on_the_machine(user: User, folder: Path) -> None:
    assert user.cynthus("down", folder, "-y").code == 0
    assert user.on_host() == []


def test_terraform_holds_nothing_any_more(user: User, folder: Path) -> None:
    user.cynthus("down", folder, "-y")
    assert json.loads((folder / "infra/local/compute/terraform.tfstate").read_text())["resources"] == []


def test_outputs_and_log_are_still_at_home(user: User, folder: Path) -> None:
    user.cynthus("down", folder, "-y")
    assert (folder / "outputs/latest/count.txt").read_text() == "3"
    assert user.cynthus("logs", folder).out == "counting\n3 words\n"


def test_down_where_nothing_is_ends_well(user: User) -> None:
    assert user.cynthus("down", user.folder(), "-y").code == 0


def test_a_second_down_ends_well(user: User, folder: Path) -> None:
    user.cynthus("down", folder, "-y")
    assert user.cynthus("down", folder, "-y").code == 0


def test_an_unknown_name_is_refused_with_the_one_that_was_meant(user: User, folder: Path) -> None:
    answer = user.cynthus("down", "ap", "-y")
    assert folder.name == "app"
    assert answer.code == 2
    assert 'did you mean "app"?' in answer.err


def test_up_after_down_makes_it_all_again(user: User, folder: Path) -> None:
    user.cynthus("down", folder, "-y")
    (folder / "main.py").write_text("print('back')\n")
    assert user.cynthus("up", folder, "-y").out == "back\n"


def test_destroy_forgets_the_deployment(user: User, folder: Path) -> None:
    assert user.cynthus("destroy", folder, "-y").code == 0
    assert user.deployments() == []


def test_what_a_running_main_py_has_saved_comes_home(user: User) -> None:
    made = user.folder(main=WAIT.format(path=str(user.place / "never")))
    assert user.cynthus("up", made, "-y", "--detach").code == 0
    run = user.status(made)["run"]["id"]
    wait_for(lambda: user.cynthus("logs", made).out)
    assert user.cynthus("down", made, "-y").code == 0
    assert (made / "outputs" / run / "early.txt").read_text() == "saved before the end"


LINKS = """\
import os
for folder in ("outputs", "checkpoints"):
    open(f"{folder}/10.pt", "w").write("10")
    os.symlink("10.pt", f"{folder}/latest.pt")
    os.symlink("/etc/hostname", f"{folder}/name")
"""


def test_links_come_home_where_they_lead_to_something_there(user: User) -> None:
    made = user.folder(main=LINKS)
    assert user.cynthus("up", made, "-y").code == 0
    answer = user.cynthus("down", made, "-y")
    assert answer.code == 0, answer
    for folder in (made / "outputs/latest", made / "checkpoints"):
        assert {path.name for path in folder.iterdir()} == {"10.pt", "latest.pt"}
        assert (folder / "latest.pt").read_text() == "10"
    assert "warning: checkpoints/name is a link to /etc/hostname and stays on the host" in answer.err
    assert user.on_host() == []


def test_a_running_main_py_is_gone(user: User) -> None:
    made = user.folder(main=WAIT.format(path=str(user.place / "never")))
    user.cynthus("up", made, "-y", "--detach")
    deployment = user.status(made)["id"]
    user.cynthus("down", made, "-y")
    assert processes_with(deployment) == []


def test_outputs_that_cannot_come_home_keep_everything_where_it_is(user: User) -> None:
    made = user.folder(main=WAIT.format(path=str(user.place / "never")))
    user.cynthus("up", made, "-y", "--detach")
    (made / "outputs").write_text("a file of the user's in the way")
    answer = user.cynthus("down", made, "-y")
    assert answer.code == 1
    assert "nothing was removed" in answer.err
    assert len(user.on_host()) == 1
    (made / "outputs").unlink()


def test_discard_removes_all_the_same(user: User) -> None:
    made = user.folder(main=WAIT.format(path=str(user.place / "never")))
    user.cynthus("up", made, "-y", "--detach")
    (made / "outputs").write_text("a file of the user's in the way")
    assert user.cynthus("down", made, "-y", "--discard").code == 0
    assert user.on_host() == []


def test_a_folder_that_is_gone_can_still_be_removed_by_name(user: User, folder: Path) -> None:
    shutil.rmtree(folder)
    answer = user.cynthus("down", "app", "-y")
    assert answer.code == 0, answer
    assert (user.on_host(), user.deployments()) == ([], [])


def test_without_a_terminal_and_without_yes_nothing_is_removed(user: User, folder: Path) -> None:
    answer = user.cynthus("down", folder)
    assert (answer.code, len(user.on_host())) == (2, 1)
    assert "add -y" in answer.err


def test_a_lost_index_is_no_reason_to_leave_anything(user: User, folder: Path) -> None:
    shutil.rmtree(user.home / ".local/state/cynthus")
    assert user.cynthus("down", folder, "-y").code == 0
    assert user.on_host() == []
