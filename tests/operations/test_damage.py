"""One damaged record of ours blocks nothing: it is set aside, said once, and made again from what else is known."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.core.run import RunState
from cynthus.errors import StateCorrupt, StateTooNew, UsageError
from cynthus.operations.cancel import cancel
from cynthus.operations.down import down
from cynthus.operations.pull import pull
from cynthus.operations.status import every_status, status
from cynthus.operations.up import Request, run
from tests import damage as damages
from tests.damage import like_everybody

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.core.run import Run
    from tests.operations.workshop import Workshop

    Harm = Callable[[Path], None]

SLEEPS = "import time\nopen('outputs/x', 'w').write('1')\ntime.sleep(600)\n"


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    return workshop.folder()


@pytest.fixture
def ended(workshop: Workshop, folder: Path) -> Run:
    """A run that has ended and whose output is on the host only."""
    return workshop.ended(workshop.up(folder))


def one(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def entry_of(workshop: Workshop) -> Path:
    return one(workshop.tools.settings.state_dir, "deployments/*.json")


@pytest.mark.parametrize("harm", damages.EVERY)
def test_down_brings_home_the_run_of_a_damaged_record(
    workshop: Workshop, folder: Path, ended: Run, harm: Harm
) -> None:
    harm(one(folder, ".cynthus/*/runs/*/run.json"))
    with like_everybody():
        down(workshop.tools, str(folder), yes=True)
    assert (folder / "outputs" / ended.id / "x").read_text() == "1"
    assert not workshop.host(folder).exists()


@pytest.mark.parametrize("harm", damages.SOME)
def test_status_shows_its_run_as_the_host_knows_it(workshop: Workshop, folder: Path, ended: Run, harm: Harm) -> None:
    harm(one(folder, ".cynthus/*/runs/*/run.json"))
    with like_everybody():
        found = status(workshop.tools, str(folder))
    assert [(each.id, each.state) for each in found.runs] == [(ended.id, RunState.SUCCEEDED)]
    assert (found.unsaved, len(found.damaged)) == ((1, 1), 1)


def test_status_renames_nothing(workshop: Workshop, folder: Path, ended: Run) -> None:
    record = one(folder, ".cynthus/*/runs/*/run.json")
    damages.truncated(record)
    status(workshop.tools, str(folder))
    assert [each.name for each in record.parent.glob("run.json*")] == ["run.json"], ended


@pytest.mark.parametrize("verb", [run, pull], ids=["run", "pull"])
def test_the_record_is_set_aside_told_once_and_made_again(
    workshop: Workshop, folder: Path, ended: Run, verb: Callable[..., object]
) -> None:
    record = one(folder, ".cynthus/*/runs/*/run.json")
    damages.truncated(record)
    verb(workshop.tools, Request(str(folder), yes=True) if verb is run else str(folder))
    (kept,) = record.parent.glob("run.json.damaged-*")
    assert [f"{record}: " in each and kept.name in each for each in workshop.progress.warnings] == [True]
    assert (f'"{ended.id}"' in record.read_text(), kept.read_text().startswith("{")) == (True, True)


def test_a_run_that_goes_on_is_stopped_although_its_record_is_damaged(workshop: Workshop) -> None:
    folder = workshop.folder("sleeper", main=SLEEPS)
    workshop.up(folder)
    damages.empty(one(folder, ".cynthus/*/runs/*/run.json"))
    assert cancel(workshop.tools, str(folder))[1].state is RunState.CANCELLED


def test_the_question_of_down_names_it(workshop: Workshop) -> None:
    folder = workshop.folder("sleeper", main=SLEEPS)
    outcome = workshop.up(folder)
    damages.empty(one(folder, ".cynthus/*/runs/*/run.json"))
    down(workshop.with_person(answer=True).tools, str(folder))
    assert workshop.person.questions[0].startswith(f"Run {outcome.run.id} is RUNNING and would be stopped.")


@pytest.mark.parametrize("harm", damages.SOME)
def test_a_damaged_record_of_a_run_that_lies_nowhere_is_listed_as_lost(
    workshop: Workshop, folder: Path, ended: Run, harm: Harm
) -> None:
    down(workshop.tools, str(folder), yes=True)
    harm(one(folder, ".cynthus/*/runs/*/run.json"))
    with like_everybody():
        found = status(workshop.tools, str(folder))
        down(workshop.tools, str(folder), yes=True)
        again = status(workshop.tools, str(folder))
    for seen in (found, again):
        assert [(each.id, each.state) for each in seen.runs] == [(ended.id, RunState.LOST)]
    assert (len(found.damaged), again.damaged) == (1, ())


def test_a_second_run_starts_beside_it(workshop: Workshop, folder: Path, ended: Run) -> None:
    down(workshop.tools, str(folder), yes=True)
    damages.empty(one(folder, ".cynthus/*/runs/*/run.json"))
    outcome = workshop.up(folder)
    assert (outcome.ending, outcome.run.id > ended.id) == ("started", True)


def test_a_record_that_was_set_aside_by_a_killed_command_is_not_forgotten(
    workshop: Workshop, folder: Path, ended: Run
) -> None:
    down(workshop.tools, str(folder), yes=True)
    record = one(folder, ".cynthus/*/runs/*/run.json")
    record.rename(record.with_name("run.json.damaged-20260102T030405Z"))
    assert [(each.id, each.state) for each in status(workshop.tools, str(folder)).runs] == [(ended.id, RunState.LOST)]


def test_the_record_of_a_newer_version_is_left_alone(workshop: Workshop, folder: Path, ended: Run) -> None:
    record = one(folder, ".cynthus/*/runs/*/run.json")
    kept = record.read_bytes()
    record.write_text('{"schema": 99}')
    with pytest.raises(StateTooNew):
        down(workshop.tools, str(folder), yes=True)
    record.write_bytes(kept)
    assert workshop.host(folder).exists(), ended


@pytest.mark.parametrize("harm", damages.SOME)
def test_down_in_a_folder_whose_entry_is_damaged_removes_its_host(
    workshop: Workshop, folder: Path, ended: Run, harm: Harm
) -> None:
    home = workshop.host(folder)
    harm(entry_of(workshop))
    with like_everybody():
        down(workshop.tools, str(folder), yes=True)
    assert (home.exists(), (folder / "outputs" / ended.id / "x").read_text()) == (False, "1")


def test_a_damaged_entry_is_made_again_and_told_once(workshop: Workshop, folder: Path, ended: Run) -> None:
    path = entry_of(workshop)
    (before,) = workshop.tools.index.all()[0]
    damages.truncated(path)
    pull(workshop.tools, str(folder))
    (after,) = workshop.tools.index.all()[0]
    for name in ("id", "name", "target", "folder", "home", "runtime", "phase", "hosts"):
        assert getattr(after, name) == getattr(before, name), name
    (kept,) = path.parent.glob("*.damaged-*")
    assert [kept.name in each for each in workshop.progress.warnings] == [True], ended


def test_status_tells_of_a_damaged_entry(workshop: Workshop, folder: Path, ended: Run) -> None:
    damages.truncated(entry_of(workshop))
    found = status(workshop.tools, str(folder))
    assert (found.run and found.run.id, len(found.damaged)) == (ended.id, 1)


def test_up_goes_on_with_the_same_deployment(workshop: Workshop, folder: Path, ended: Run) -> None:
    damages.truncated(entry_of(workshop))
    outcome = workshop.up(folder)
    assert (outcome.ending, outcome.run.id) == ("unchanged", ended.id)


HOME = [
    (damages.truncated, ".cynthus/*/journal.jsonl"),
    (damages.closed, ".cynthus/*/journal.jsonl"),
    (damages.closed, "infra/local/compute/.rendered.json"),
    (damages.closed, ".cynthus/*/pristine/local/compute/.cynthus/rendered.json"),
    (damages.closed, ".cynthus/*/pristine/local/compute/main.tf"),
    (damages.closed, ".cynthus/*/runs/*/spec.json"),
    (damages.truncated, ".cynthus/*/sources/*.tar.gz"),
    (damages.closed, ".cynthus/*/backups/*"),
]


@pytest.mark.parametrize(("harm", "pattern"), HOME)
def test_no_other_record_at_home_blocks_run_and_down(
    workshop: Workshop, folder: Path, harm: Harm, pattern: str
) -> None:
    workshop.ended(workshop.up(folder))
    harm(one(folder, pattern))
    with like_everybody():
        again = run(workshop.tools, Request(str(folder), yes=True))
        workshop.to_the_end(again)
        down(workshop.tools, str(folder), yes=True)
    assert (folder / "outputs" / again.run.id / "x").read_text() == "1"


@pytest.mark.parametrize("harm", [damages.truncated, damages.closed])
def test_values_of_run_time_that_cannot_be_read_are_done_without(
    workshop: Workshop, folder: Path, ended: Run, harm: Harm
) -> None:
    file = one(folder, ".cynthus/*/journal.jsonl").with_name("runtime.tfvars.json")
    file.write_text('{"zone": "a"}\n')
    harm(file)
    with like_everybody():
        down(workshop.tools, str(folder), yes=True)
    assert (len(list(file.parent.glob("runtime.tfvars.json.damaged-*"))), file.exists()) == (1, False), ended


HOST = ["deployment.json", "runs/*/attempts/1/0/status.json", "runs/*/attempts/1/0/run.pid", "runs/*/version.json"]


@pytest.mark.parametrize("pattern", HOST)
def test_no_record_on_the_host_blocks_status_and_down(workshop: Workshop, pattern: str) -> None:
    folder = workshop.folder("sleeper", main=SLEEPS)
    workshop.up(folder)
    home = workshop.host(folder)
    damages.truncated(one(home, pattern))
    found = status(workshop.tools, str(folder)).run
    assert (found and found.state) is RunState.RUNNING
    down(workshop.tools, str(folder), yes=True)
    assert (home.exists(), one(folder, "outputs/2*/x").read_text()) == (False, "1")


def test_a_damaged_status_of_an_ended_run_does_not_lose_it(workshop: Workshop, folder: Path) -> None:
    outcome = workshop.up(folder)
    ended = workshop.ended(outcome)
    damages.zeros(one(workshop.host(folder), "runs/*/attempts/1/0/status.json"))
    shutil.rmtree(folder / ".cynthus")
    found = status(workshop.tools, str(folder)).run
    assert found is not None
    assert (found.id, found.state, found.exit_code) == (ended.id, RunState.SUCCEEDED, 0)


def test_every_deployment_is_shown_whatever_is_damaged(workshop: Workshop) -> None:
    for name in ("one", "two"):
        workshop.to_the_end(workshop.up(workshop.folder(name)))
    damages.empty(one(workshop.place / "one", ".cynthus/*/runs/*/run.json"))
    found, problems = every_status(workshop.tools)
    assert ([each.site.name for each in found], [len(each.damaged) for each in found], problems) == (
        ["one", "two"], [1, 0], (),
    )


@pytest.mark.parametrize("harm", [damages.truncated, damages.empty, damages.closed])
def test_a_damaged_state_of_terraform_stops_down_before_anything_is_gone(
    workshop: Workshop, folder: Path, ended: Run, harm: Harm
) -> None:
    state = one(folder, "infra/local/compute/terraform.tfstate")
    kept = state.read_bytes()
    harm(state)
    with like_everybody(), pytest.raises(StateCorrupt) as caught:
        down(workshop.tools, str(folder), yes=True, discard=True)
    state.chmod(0o600)
    state.write_bytes(kept)
    assert str(one(folder, ".cynthus/*/backups/*")) in caught.value.hint
    assert workshop.host(folder).exists(), ended


def test_so_do_damaged_values_for_terraform(workshop: Workshop, folder: Path, ended: Run) -> None:
    values = one(folder, "infra/local/compute/terraform.tfvars.json")
    kept = values.read_bytes()
    damages.truncated(values)
    with pytest.raises(UsageError, match="cannot be read as JSON"):
        down(workshop.tools, str(folder), yes=True, discard=True)
    values.write_bytes(kept)
    assert workshop.host(folder).exists(), ended
