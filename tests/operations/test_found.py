"""Runs that no record at home knows are shown, brought home and never lost by accident."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.core.run import RunState
from cynthus.operations.down import down
from cynthus.operations.logs import logs
from cynthus.operations.pull import pull
from cynthus.operations.status import status

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.run import Run
    from tests.operations.workshop import Workshop


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    return workshop.folder()


@pytest.fixture
def forgotten(workshop: Workshop, folder: Path) -> Run:
    """A run that has ended on the host and of which no record is left here."""
    outcome = workshop.up(folder)
    run = workshop.ended(outcome)
    shutil.rmtree(folder / ".cynthus")
    return run


def test_status_shows_it(workshop: Workshop, folder: Path, forgotten: Run) -> None:
    found = status(workshop.tools, str(folder))
    assert (found.run and found.run.id, found.run and found.run.state) == (forgotten.id, RunState.SUCCEEDED)


def test_status_counts_what_it_has_not_saved(workshop: Workshop, folder: Path, forgotten: Run) -> None:
    assert status(workshop.tools, str(folder)).unsaved == (1, 1), forgotten


def test_its_log_can_be_read(workshop: Workshop, folder: Path, forgotten: Run) -> None:
    got = bytearray()
    logs(workshop.tools, str(folder), got.extend, run_id=forgotten.id)
    assert bytes(got) == b"ran\n"


def test_pull_brings_it_home(workshop: Workshop, folder: Path, forgotten: Run) -> None:
    pull(workshop.tools, str(folder))
    assert (folder / "outputs" / forgotten.id / "x").read_text() == "1"


def test_down_brings_it_home_first(workshop: Workshop, folder: Path, forgotten: Run) -> None:
    down(workshop.tools, str(folder), yes=True)
    assert (folder / "outputs" / forgotten.id / "x").read_text() == "1"


def test_a_folder_that_was_made_again_gets_its_outputs(workshop: Workshop, folder: Path) -> None:
    run = workshop.ended(workshop.up(folder))
    shutil.rmtree(folder)
    folder.mkdir()
    pull(workshop.tools, str(folder))
    assert (folder / "outputs" / run.id / "x").read_text() == "1"


def test_what_never_began_is_no_run(workshop: Workshop, folder: Path, forgotten: Run) -> None:
    agent = workshop.host(folder)
    (agent / "runs/20300101-000000-0000").mkdir()
    assert [run.id for run in status(workshop.tools, str(folder)).runs] == [forgotten.id]


def test_pull_brings_checkpoints_too(workshop: Workshop) -> None:
    folder = workshop.folder("saver", main="open('checkpoints/step', 'w').write('1')\n")
    workshop.to_the_end(workshop.up(folder))
    pull(workshop.tools, str(folder))
    assert status(workshop.tools, str(folder)).unsaved == (0, 0)
