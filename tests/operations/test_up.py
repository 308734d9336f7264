from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.run import RunState
from cynthus.errors import (
    ConfirmationNeeded,
    CynthusError,
    EnvironmentFailed,
    Interrupted,
    NothingRunning,
    SourceUnreadable,
    TerraformFailed,
    UsageError,
)
from cynthus.operations.cancel import cancel
from cynthus.operations.plan import plan
from cynthus.operations.source import KEPT
from cynthus.operations.up import Request, prepare, run
from cynthus.operations.update import update

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cynthus.ansible.client import Activity, PlayResult
    from cynthus.core.deployment import Host
    from cynthus.testing.play import DirectPlay
    from tests.operations.workshop import Workshop

BROKEN = TerraformFailed("it does not work", hint="mend it")


def test_a_run_that_was_followed_is_at_home(workshop: Workshop) -> None:
    folder = workshop.folder()
    ended = workshop.to_the_end(workshop.up(folder))
    assert (ended.state, ended.pulled) == (RunState.SUCCEEDED, True)


def test_the_index_is_told_of_the_end(workshop: Workshop) -> None:
    outcome = workshop.up(workshop.folder())
    workshop.to_the_end(outcome)
    entry = workshop.tools.index.get(outcome.site.id)
    assert entry is not None
    assert entry.last_run is not None
    assert entry.last_run.state is RunState.SUCCEEDED


def test_the_version_of_a_run_is_recorded(workshop: Workshop) -> None:
    version = workshop.up(workshop.folder()).run.version
    assert version.environment
    assert version.source


def test_a_failed_apply_leaves_a_deployment_that_status_can_list(workshop: Workshop) -> None:
    folder = workshop.folder()
    workshop.terraform.failures["apply"] = BROKEN
    with pytest.raises(TerraformFailed):
        workshop.up(folder)
    assert [entry.phase for entry in workshop.tools.index.all()[0]] == ["prepared"]


def test_after_a_failed_apply_up_goes_on(workshop: Workshop) -> None:
    folder = workshop.folder()
    workshop.terraform.failures["apply"] = BROKEN
    with pytest.raises(TerraformFailed):
        workshop.up(folder)
    assert workshop.to_the_end(workshop.up(folder)).state is RunState.SUCCEEDED


def test_an_interruption_says_what_exists(workshop: Workshop) -> None:
    folder = workshop.folder()
    workshop.terraform.failures["apply"] = Interrupted("stopped", hint="x")
    with pytest.raises(Interrupted, match="nothing has been made, no run has started") as caught:
        workshop.up(folder)
    assert f"`cynthus up {folder}` goes on from here" in caught.value.hint


class StoppedAfterwards:
    """A play that is interrupted when all of it is done."""

    def __init__(self, play: DirectPlay) -> None:
        self._play = play

    def play(
        self, playbook: Path, *, inventory: Path, extravars: Mapping[str, object], activity: Activity,
        sudo_password: str | None = None, hosts: Sequence[Host] = (),
    ) -> PlayResult:
        self._play.play(
            playbook, inventory=inventory, extravars=extravars, activity=activity, sudo_password=sudo_password,
            hosts=hosts,
        )  # fmt: skip
        raise Interrupted("stopped", hint="x")

    def end_leftovers(self) -> None:
        self._play.end_leftovers()


def test_an_interruption_after_the_start_says_that_main_py_runs(workshop: Workshop) -> None:
    folder = workshop.folder(main="import time\ntime.sleep(600)\n")
    workshop.tools = replace(workshop.tools, ansible=StoppedAfterwards(workshop.ansible))
    with pytest.raises(Interrupted, match=r"run \S+ is RUNNING"):
        workshop.up(folder)


def test_a_plan_that_changes_nothing_is_not_applied(workshop: Workshop) -> None:
    folder = workshop.folder()
    workshop.to_the_end(workshop.up(folder))
    workshop.terraform.calls.clear()
    run(workshop.tools, Request(str(folder), yes=True))
    assert workshop.terraform.calls == ["init", "plan"]


def test_a_run_that_failed_before_it_started_is_not_taken_up_again(workshop: Workshop) -> None:
    folder = workshop.folder()
    (folder / "requirements.txt").write_text("--no-index\nno-such-package\n")
    with pytest.raises(EnvironmentFailed):
        workshop.up(folder)
    (folder / "requirements.txt").write_text("")
    outcome = workshop.up(folder)
    assert next(each.state for each in outcome.site.runs.all()) is RunState.FAILED


def test_a_no_makes_nothing(workshop: Workshop) -> None:
    with pytest.raises(UsageError, match="nothing was made"):
        workshop.with_person(answer=False).up(workshop.folder(), yes=False)
    assert "apply" not in workshop.terraform.calls


def test_nobody_to_ask_makes_nothing(workshop: Workshop) -> None:
    with pytest.raises(ConfirmationNeeded, match="this would add 1"):
        workshop.up(workshop.folder(), yes=False)
    assert "apply" not in workshop.terraform.calls


def test_prepared_and_unchanged_it_is_the_same_run_that_starts(workshop: Workshop) -> None:
    folder = workshop.folder()
    prepared = prepare(workshop.tools, Request(str(folder), yes=True))
    assert workshop.up(folder).run.id == prepared.run.id


def test_prepared_and_changed_another_run_starts(workshop: Workshop) -> None:
    folder = workshop.folder()
    prepared = prepare(workshop.tools, Request(str(folder), yes=True))
    (folder / "main.py").write_text("print('other')\n")
    outcome = workshop.up(folder)
    assert outcome.site.runs.load(prepared.run.id).state is RunState.CANCELLED
    assert outcome.run.id != prepared.run.id


def test_a_prepared_run_that_was_given_up_cannot_be_started_any_more(workshop: Workshop) -> None:
    folder = workshop.folder()
    prepared = prepare(workshop.tools, Request(str(folder), yes=True))
    cancel(workshop.tools, str(folder))
    agent = workshop.agent(prepared)
    with pytest.raises(CynthusError, match="was stopped before it began"):
        agent.call("start", "--spec", str(agent.run_folder(prepared.run.id) / "spec.json"), "--run", prepared.run.id)


def test_a_source_that_cannot_be_packed_is_told_before_anything_is_made(workshop: Workshop) -> None:
    folder = workshop.folder()
    (folder / "out").symlink_to("/etc")
    with pytest.raises(SourceUnreadable, match="out"):
        workshop.up(folder)
    assert workshop.terraform.calls == []


def test_old_sources_are_forgotten(workshop: Workshop) -> None:
    folder = workshop.folder()
    for number in range(KEPT + 3):
        (folder / "main.py").write_text(f"print({number})\n")
        prepare(workshop.tools, Request(str(folder), yes=True))
    site = prepare(workshop.tools, Request(str(folder), yes=True)).site
    assert len(list(site.paths.sources.iterdir())) == KEPT


def test_a_large_file_in_the_source_is_warned_of(workshop: Workshop) -> None:
    folder = workshop.folder()
    with open(folder / "weights.bin", "wb") as stream:
        stream.truncate(100_000_001)
    prepare(workshop.tools, Request(str(folder), yes=True))
    assert [warning for warning in workshop.progress.warnings if "weights.bin" in warning]


def test_what_is_left_out_of_the_source_for_its_size_is_told_each_time(workshop: Workshop) -> None:
    folder = workshop.folder()
    with open(folder / "weights.pt", "wb") as stream:
        stream.truncate(5_000_000_000)
    for _ in range(2):
        prepare(workshop.tools, Request(str(folder), yes=True))
    said = [warning for warning in workshop.progress.warnings if "weights.pt" in warning]
    assert [("left out" in each, "!weights.pt" in each, "`data:`" in each) for each in said] == [(True, True, True)] * 2


def test_the_runtime_of_a_deployment_does_not_flip(workshop: Workshop) -> None:
    folder = workshop.folder()
    outcome = workshop.up(folder)
    assert outcome.site.entry is not None
    assert outcome.site.entry.runtime == "venv"


def test_update_of_what_does_not_stand_is_refused(workshop: Workshop) -> None:
    with pytest.raises(NothingRunning):
        update(workshop.tools, Request(str(workshop.folder()), yes=True), source=True, data=True)


def test_update_stops_the_run_that_goes_on(workshop: Workshop) -> None:
    folder = workshop.folder(main="import time; time.sleep(600)\n")
    first = workshop.up(folder)
    (folder / "main.py").write_text("print('other')\n")
    second = update(workshop.tools, Request(str(folder), yes=True), source=True, data=True)
    assert second.site.runs.load(first.run.id).state is RunState.CANCELLED
    assert workshop.to_the_end(second).state is RunState.SUCCEEDED


def test_plan_leaves_no_plan_behind(workshop: Workshop) -> None:
    planned = plan(workshop.tools, Request(str(workshop.folder()), yes=True))
    assert not planned.site.paths.plan("compute").exists()
    assert not planned.prepared.plan.empty
