from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.cli.status_text import lines
from cynthus.core.run import RunState
from cynthus.errors import HostError, NothingRunning, PullFailed, TerraformFailed, UnknownDeployment, UsageError
from cynthus.operations.cancel import cancel
from cynthus.operations.down import down
from cynthus.operations.status import every_status, status
from cynthus.operations.up import Request, run
from cynthus.operations.update import update
from cynthus.process import Command, kill_group
from tests.processes import pid_in, started

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.run import Run
    from tests.operations.workshop import Workshop

SLEEPS = "import time\nopen('outputs/x', 'w').write('1')\ntime.sleep(600)\n"
SAVES = """\
import pathlib
saved = pathlib.Path("checkpoints/step")
step = int(saved.read_text()) + 1 if saved.exists() else 1
saved.write_text(str(step))
print("step", step)
"""


def test_outputs_of_every_run_come_home_and_not_only_the_newest(workshop: Workshop) -> None:
    folder = workshop.folder()
    first = workshop.ended(workshop.up(folder))
    (folder / "outputs").write_text("in the way")
    second = run(workshop.tools, Request(str(folder), yes=True))
    workshop.ended(second)
    (folder / "outputs").unlink()
    down(workshop.tools, str(folder), yes=True)
    assert sorted(path.name for path in (folder / "outputs").glob("2*")) == sorted([first.id, second.run.id])


def test_status_counts_what_any_run_has_not_saved(workshop: Workshop) -> None:
    folder = workshop.folder()
    workshop.ended(workshop.up(folder))
    (folder / "outputs").write_text("in the way")
    workshop.ended(run(workshop.tools, Request(str(folder), yes=True)))
    assert status(workshop.tools, str(folder)).unsaved[0] == 2


def closed(workshop: Workshop, folder: Path) -> Run:
    """A run whose outputs nobody can list: a link that leads to itself, for no permission keeps root out."""
    ended = workshop.ended(workshop.up(folder))
    outputs = workshop.host(folder) / "runs" / ended.id / "outputs"
    outputs.rename(outputs.with_name("away"))
    outputs.symlink_to(outputs)
    return ended


def test_a_deployment_with_outputs_that_cannot_be_listed_is_shown_all_the_same(workshop: Workshop) -> None:
    folder = workshop.folder()
    ended = closed(workshop, folder)
    found, problems = every_status(workshop.tools)
    assert ([each.run and each.run.id for each in found], problems) == ([ended.id], ())


def test_of_what_cannot_be_listed_status_says_that_it_is_unknown_and_why(workshop: Workshop) -> None:
    folder = workshop.folder()
    closed(workshop, folder)
    found = status(workshop.tools, str(folder))
    told = next(line for line in lines(found, workshop.tools.clock.now()) if "not saved" in line)
    assert told == f"  not saved  unknown ({found.uncounted})"
    assert "too many levels of symbolic links" in found.uncounted


def test_what_down_cannot_bring_home_is_tried_and_told_once(workshop: Workshop) -> None:
    folder = workshop.folder()
    closed(workshop, folder)
    workshop.progress.steps.clear()
    with pytest.raises(PullFailed, match="nothing was removed"):
        down(workshop.tools, str(folder), yes=True)
    assert workshop.progress.steps == ["Bring outputs home"]


def test_the_reason_of_a_cancelled_run_does_not_repeat_its_state(workshop: Workshop) -> None:
    outcome = workshop.up(workshop.folder(main=SLEEPS))
    _, ended = cancel(workshop.tools, outcome.site.id)
    assert ended.reason == "by `cynthus cancel`"


def test_checkpoints_come_home(workshop: Workshop) -> None:
    folder = workshop.folder(main=SAVES)
    workshop.to_the_end(workshop.up(folder))
    down(workshop.tools, str(folder), yes=True)
    assert (folder / "checkpoints/step").read_text() == "1"


def test_of_a_checkpoint_that_was_changed_at_home_since_neither_version_is_lost(workshop: Workshop) -> None:
    folder = workshop.folder(main=SAVES)
    workshop.to_the_end(workshop.up(folder))
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints/step").write_text("mine")
    down(workshop.tools, str(folder), yes=True)
    assert (folder / "checkpoints/step").read_text() == "mine"
    assert (folder / "checkpoints/step.from-host").read_text() == "1"


def test_a_folder_in_the_place_of_a_checkpoint_is_no_reason_to_lose_it(workshop: Workshop) -> None:
    folder = workshop.folder(main=SAVES)
    workshop.to_the_end(workshop.up(folder))
    (folder / "checkpoints/step").mkdir(parents=True)
    down(workshop.tools, str(folder), yes=True)
    assert (folder / "checkpoints/step.from-host").read_text() == "1"


def test_checkpoints_that_cannot_come_home_keep_everything_where_it_is(workshop: Workshop) -> None:
    folder = workshop.folder(main=SAVES)
    workshop.to_the_end(workshop.up(folder))
    (folder / "checkpoints").write_text("in the way")
    with pytest.raises(PullFailed, match="checkpoints"):
        down(workshop.tools, str(folder), yes=True)
    assert (workshop.host(folder) / "checkpoints/step").read_text() == "1"


def test_checkpoints_of_a_folder_that_was_moved_are_not_removed_by_its_old_name(workshop: Workshop) -> None:
    folder = workshop.folder(main=SAVES)
    outcome = workshop.up(folder)
    workshop.to_the_end(outcome)
    moved = folder.rename(workshop.place / "moved")
    with pytest.raises(PullFailed, match="is gone"):
        down(workshop.tools, outcome.site.id, yes=True)
    down(workshop.tools, str(moved), yes=True)
    assert (moved / "checkpoints/step").read_text() == "1"


def test_a_run_whose_agent_is_gone_from_the_host_is_not_waited_for_for_ever(workshop: Workshop) -> None:
    folder = workshop.folder(main=SLEEPS)
    workshop.up(folder)
    program = workshop.host(folder) / "agent.pyz"
    kept = program.rename(program.with_name("kept"))
    with pytest.raises(HostError, match="the agent is gone"):
        cancel(workshop.tools, str(folder))
    kept.rename(program)


def test_a_deployment_that_is_made_again_goes_on_from_its_checkpoints(workshop: Workshop) -> None:
    folder = workshop.folder(main=SAVES)
    workshop.to_the_end(workshop.up(folder))
    down(workshop.tools, str(folder), yes=True)
    outcome = run(workshop.tools, Request(str(folder), yes=True))
    workshop.to_the_end(outcome)
    assert (workshop.host(folder) / "checkpoints/step").read_text() == "2"


def test_checkpoints_that_are_not_at_home_count_as_not_saved(workshop: Workshop) -> None:
    folder = workshop.folder(main=SAVES)
    workshop.to_the_end(workshop.up(folder))
    assert status(workshop.tools, str(folder)).unsaved == (1, 1)


def test_an_output_that_cannot_come_home_does_not_block_up(workshop: Workshop) -> None:
    folder = workshop.folder()
    workshop.ended(workshop.up(folder))
    (folder / "outputs").write_text("in the way")
    outcome = run(workshop.tools, Request(str(folder), yes=True))
    assert outcome.ending == "started"
    assert [warning for warning in workshop.progress.warnings if "not brought home yet" in warning]


def test_an_output_with_a_very_long_name_comes_home(workshop: Workshop) -> None:
    folder = workshop.folder(main="open('outputs/' + 'x' * 252, 'w').write('1')\n")
    ended = workshop.to_the_end(workshop.up(folder))
    assert (folder / "outputs" / ended.id / ("x" * 252)).exists()


def test_without_its_home_on_the_host_a_running_run_is_lost(workshop: Workshop) -> None:
    folder = workshop.folder(main=SLEEPS)
    workshop.up(folder)
    workshop.lose_host(folder)
    found = status(workshop.tools, str(folder)).run
    assert found is not None
    assert found.state is RunState.LOST


def test_down_after_the_home_was_removed_ends_well(workshop: Workshop) -> None:
    folder = workshop.folder(main=SLEEPS)
    workshop.up(folder)
    workshop.lose_host(folder)
    assert down(workshop.tools, str(folder), yes=True).site is not None
    assert workshop.terraform.calls[-2:] == ["destroy", "apply"]


def test_cancel_of_a_lost_run_says_that_nothing_runs(workshop: Workshop) -> None:
    folder = workshop.folder(main=SLEEPS)
    workshop.up(folder)
    workshop.lose_host(folder)
    with pytest.raises(NothingRunning, match="LOST"):
        cancel(workshop.tools, str(folder))


def test_the_question_says_which_run_would_be_stopped(workshop: Workshop) -> None:
    folder = workshop.folder(main=SLEEPS)
    outcome = workshop.up(folder)
    with pytest.raises(UsageError):
        down(workshop.with_person(answer=False).tools, str(folder))
    stops = f"Run {outcome.run.id} is RUNNING and would be stopped. "
    assert workshop.person.questions == [f"{stops}Bring outputs home, then remove the hosts of {outcome.site.id}?"]


def test_a_failed_destroy_keeps_the_deployment_in_the_index(workshop: Workshop) -> None:
    folder = workshop.folder()
    workshop.to_the_end(workshop.up(folder))
    workshop.terraform.failures["apply"] = TerraformFailed("no", hint="x")
    with pytest.raises(TerraformFailed):
        down(workshop.tools, str(folder), yes=True, forget=True)
    assert len(workshop.tools.index.all()[0]) == 1


def test_a_copy_of_the_folder_does_not_stand_for_the_originals_deployment(workshop: Workshop) -> None:
    folder = workshop.folder(main=SLEEPS)
    workshop.up(folder)
    copy = shutil.copytree(folder, workshop.place / "copy", symlinks=True)
    with pytest.raises(UnknownDeployment, match="is a copy of"):
        down(workshop.tools, str(copy), yes=True)
    found = status(workshop.tools, str(folder)).run
    assert found is not None
    assert found.state is RunState.RUNNING


def test_update_does_not_go_on_while_outputs_cannot_come_home(workshop: Workshop) -> None:
    folder = workshop.folder(main=SLEEPS)
    workshop.up(folder)
    (folder / "outputs").write_text("in the way")
    with pytest.raises(PullFailed, match="the next run was not started"):
        update(workshop.tools, Request(str(folder), yes=True), source=True, data=True)


def test_one_unreadable_record_hides_no_other_deployment(workshop: Workshop) -> None:
    good, bad = workshop.folder("good"), workshop.folder("bad")
    for folder in (good, bad):
        workshop.to_the_end(workshop.up(folder))
    record = next(bad.glob(".cynthus/*/runs/*/run.json"))
    kept = record.read_bytes()
    record.write_text("{")
    found, _ = every_status(workshop.tools)
    record.write_bytes(kept)
    assert {each.site.name: len(each.damaged) for each in found} == {"good": 0, "bad": 1}


def test_status_says_who_is_at_work(workshop: Workshop) -> None:
    from cynthus.operations.at_work import holding

    folder = workshop.folder()
    workshop.to_the_end(workshop.up(folder))
    with holding(workshop.tools, folder, "update"):
        assert '"update"' in status(workshop.tools, str(folder)).at_work[0]


def test_status_shows_what_a_killed_command_left_at_work(workshop: Workshop, tmp_path: Path) -> None:
    folder = workshop.folder()
    workshop.to_the_end(workshop.up(folder))
    os.mkfifo(tmp_path / "never")
    # It tells of itself, so it is what it will be: a shell that is about to start a program is two for a moment.
    left_behind = 'echo $$ >"$2"; read -r nothing <>"$3"'
    # A shell between us: what is our own child was left by nobody.
    script = 'sh -c "$0" sh "$@" & wait'
    words = (str(workshop.host(folder)), str(tmp_path / "pid"), str(tmp_path / "never"))
    with started(Command(("sh", "-c", script, left_behind, *words))) as shell:
        left = pid_in(tmp_path / "pid")
        shown = status(workshop.tools, str(folder)).at_work
        kill_group(shell.pid)
    assert [str(left) in line for line in shown] == [True]
