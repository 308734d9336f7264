"""Checkpoints are the user's and the host's: a newer one comes home, and no edit is overwritten."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import PullFailed
from cynthus.operations.down import down
from cynthus.operations.pull import pull
from cynthus.operations.status import status
from cynthus.operations.up import Request, run
from tests.operations.twins import OLD, contents

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.workshop import Workshop

SAVES = """\
import os, pathlib
saved = pathlib.Path("checkpoints/step")
step = int(saved.read_text()) + 1 if saved.exists() else 1
saved.write_text(str(step))
os.utime(saved, (step, step))
print("step", step)
"""
"""Each step is older than any file of today."""


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    return workshop.folder(main=SAVES)


def again(workshop: Workshop, folder: Path) -> None:
    """Another run, to its end."""
    workshop.to_the_end(run(workshop.tools, Request(str(folder), yes=True)))


def checkpoints(folder: Path) -> dict[str, str]:
    return contents(folder / "checkpoints")


def test_the_next_step_replaces_the_one_that_came_home(workshop: Workshop, folder: Path) -> None:
    for _ in range(2):
        again(workshop, folder)
        pull(workshop.tools, str(folder))
    assert checkpoints(folder) == {"step": "2"}


def test_the_next_step_replaces_the_one_that_a_new_deployment_began_with(workshop: Workshop, folder: Path) -> None:
    for _ in range(2):
        again(workshop, folder)
        down(workshop.tools, str(folder), yes=True)
    assert checkpoints(folder) == {"step": "2"}


@pytest.mark.parametrize("age", [1, None], ids=["older", "newer"])
def test_a_file_of_the_users_own_is_kept_beside_the_hosts(workshop: Workshop, folder: Path, age: int | None) -> None:
    again(workshop, folder)
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints/step").write_text("mine")
    if age is not None:
        os.utime(folder / "checkpoints/step", ns=(age, age))
    down(workshop.tools, str(folder), yes=True)
    assert checkpoints(folder) == {"step": "mine", "step.from-host": "1"}


def test_an_edit_of_what_a_deployment_began_with_is_kept(workshop: Workshop, folder: Path) -> None:
    again(workshop, folder)
    down(workshop.tools, str(folder), yes=True)
    again(workshop, folder)
    (folder / "checkpoints/step").write_text("mine")
    os.utime(folder / "checkpoints/step", ns=(OLD, OLD))
    down(workshop.tools, str(folder), yes=True)
    assert checkpoints(folder) == {"step": "mine", "step.from-host": "2"}


def test_a_checkpoint_that_was_put_aside_is_not_replaced_by_a_deployment_that_began_without_it(
    workshop: Workshop, folder: Path
) -> None:
    for _ in range(2):
        again(workshop, folder)
    down(workshop.tools, str(folder), yes=True)
    (folder / "checkpoints").rename(folder / "aside")
    again(workshop, folder)
    (folder / "aside").rename(folder / "checkpoints")
    down(workshop.tools, str(folder), yes=True)
    assert checkpoints(folder) == {"step": "2", "step.from-host": "1"}


def test_that_both_are_there_is_said(workshop: Workshop, folder: Path) -> None:
    again(workshop, folder)
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints/step").write_text("mine")
    pull(workshop.tools, str(folder))
    assert workshop.progress.warnings == [
        "checkpoints/step was changed at home and stays; what the host has came beside it, as step.from-host"
    ]


def test_a_deployment_that_is_made_again_goes_on_from_the_users(workshop: Workshop, folder: Path) -> None:
    again(workshop, folder)
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints/step").write_text("40")
    down(workshop.tools, str(folder), yes=True)
    again(workshop, folder)
    down(workshop.tools, str(folder), yes=True)
    assert checkpoints(folder) == {"step": "41", "step.from-host": "1"}


def test_without_our_records_nothing_of_the_users_is_replaced(workshop: Workshop, folder: Path) -> None:
    again(workshop, folder)
    pull(workshop.tools, str(folder))
    (record,) = folder.glob(".cynthus/*/checkpoints.json")
    record.write_text("{")
    again(workshop, folder)
    down(workshop.tools, str(folder), yes=True)
    assert checkpoints(folder) == {"step": "1", "step.from-host": "2"}


LINKS = "import os\nopen('checkpoints/10.pt', 'w').write('10')\nos.symlink({target!r}, 'checkpoints/latest.pt')\n"


def test_the_link_to_the_latest_one_comes_home(workshop: Workshop) -> None:
    folder = workshop.folder(main=LINKS.format(target="10.pt"))
    again(workshop, folder)
    down(workshop.tools, str(folder), yes=True)
    assert checkpoints(folder) == {"10.pt": "10", "latest.pt": "-> 10.pt"}


def test_a_link_to_somewhere_else_is_said_and_keeps_nobody_from_going_down(workshop: Workshop) -> None:
    folder = workshop.folder(main=LINKS.format(target="/etc/hostname"))
    again(workshop, folder)
    pull(workshop.tools, str(folder))
    assert status(workshop.tools, str(folder)).unsaved == (0, 0)
    workshop.progress.warnings.clear()
    down(workshop.tools, str(folder), yes=True)
    (said,) = workshop.progress.warnings
    assert said.startswith("checkpoints/latest.pt is a link to /etc/hostname and stays on the host;")


def test_what_a_deployment_began_with_and_cannot_be_read_is_no_reason_to_overwrite(
    workshop: Workshop, folder: Path
) -> None:
    again(workshop, folder)
    record = workshop.host(folder) / "checkpoints.json"
    record.unlink()
    record.mkdir()
    with pytest.raises(PullFailed, match=r"checkpoints\.json"):
        pull(workshop.tools, str(folder))
    assert checkpoints(folder) == {}
