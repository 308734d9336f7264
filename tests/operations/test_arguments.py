"""What is typed after `--` stays with the run until something else is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import UsageError
from cynthus.operations.up import Request, prepare, run, up
from cynthus.operations.update import update

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.workshop import Workshop

SHOWS = "import sys; open('outputs/x', 'w').write(' '.join(sys.argv[1:]))\n"


def got(workshop: Workshop, folder: Path, arguments: tuple[str, ...] | None) -> str:
    """What main.py gets from a `run`."""
    outcome = run(workshop.tools, Request(str(folder), arguments=arguments, yes=True))
    ended = workshop.to_the_end(outcome)
    return (folder / "outputs" / ended.id / "x").read_text()


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    return workshop.folder(main=SHOWS)


def test_arguments_reach_main_py(workshop: Workshop, folder: Path) -> None:
    assert got(workshop, folder, ("--epochs", "3")) == "--epochs 3"


def test_where_none_are_typed_those_of_the_last_run_count(workshop: Workshop, folder: Path) -> None:
    got(workshop, folder, ("--epochs", "3"))
    assert got(workshop, folder, None) == "--epochs 3"


def test_that_they_do_is_said(workshop: Workshop, folder: Path) -> None:
    got(workshop, folder, ("--epochs", "3"))
    got(workshop, folder, None)
    assert "arguments, as last time: --epochs 3 (`--` alone gives none)" in workshop.progress.notes


def test_two_dashes_alone_give_none(workshop: Workshop, folder: Path) -> None:
    got(workshop, folder, ("--epochs", "3"))
    assert got(workshop, folder, ()) == ""


def test_a_prepared_run_keeps_its_arguments(workshop: Workshop, folder: Path) -> None:
    prepared = prepare(workshop.tools, Request(str(folder), arguments=("a",), yes=True))
    outcome = up(workshop.tools, Request(str(folder), yes=True))
    assert (outcome.run.id, outcome.run.arguments) == (prepared.run.id, ("a",))
    workshop.to_the_end(outcome)


def test_a_run_that_goes_on_with_other_arguments_is_not_taken_for_the_one_asked_for(workshop: Workshop) -> None:
    folder = workshop.folder("sleeper", main="import time; time.sleep(600)\n")
    run(workshop.tools, Request(str(folder), arguments=("--lr", "0.1"), yes=True))
    with pytest.raises(UsageError, match=r"goes on with other arguments: --lr 0\.1"):
        run(workshop.tools, Request(str(folder), arguments=("--lr", "0.7"), yes=True))


def test_update_keeps_them(workshop: Workshop, folder: Path) -> None:
    got(workshop, folder, ("b",))
    outcome = update(workshop.tools, Request(str(folder), yes=True), source=True, data=True)
    assert outcome.run.arguments == ("b",)
    workshop.to_the_end(outcome)


def test_after_update_data_a_changed_source_is_still_worth_a_run(workshop: Workshop, folder: Path) -> None:
    got(workshop, folder, ())
    (folder / "main.py").write_text("print('new')\n")
    workshop.to_the_end(update(workshop.tools, Request(str(folder), yes=True), source=False, data=True))
    assert up(workshop.tools, Request(str(folder), yes=True)).ending == "started"


def test_a_source_that_is_not_kept_any_more_is_said(workshop: Workshop, folder: Path) -> None:
    got(workshop, folder, ())
    for archive in folder.glob(".cynthus/*/sources/*"):
        archive.unlink()
    (folder / "main.py").write_text("print('new')\n")
    with pytest.raises(UsageError, match="is not kept any more"):
        update(workshop.tools, Request(str(folder), yes=True), source=False, data=True)
