from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.run import RunState
from cynthus.errors import FolderNotWritable, StateCorrupt, StateTooNew, UnknownRun
from cynthus.state.runs import Runs
from tests import damage as damages
from tests.damage import like_everybody
from tests.state.examples import RUN, run_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.testing.clock import FakeClock


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


def test_a_run_comes_back_whole(runs: Runs) -> None:
    runs.save(RUN)
    assert runs.load(RUN.id) == RUN


def test_a_run_lies_in_a_folder_of_its_name(runs: Runs, tmp_path: Path) -> None:
    runs.save(RUN)
    assert (tmp_path / "runs" / RUN.id / "run.json").is_file()


def test_saving_keeps_what_else_the_folder_holds(runs: Runs, tmp_path: Path) -> None:
    runs.save(RUN)
    (tmp_path / "runs" / RUN.id / "log").write_text("printed")
    runs.save(replace(RUN, pulled=True))
    assert (tmp_path / "runs" / RUN.id / "log").read_text() == "printed"


def test_saving_again_replaces(runs: Runs) -> None:
    runs.save(RUN)
    moved = RUN.moved(RunState.CONFIGURING, at="2026-01-02T03:04:07Z", reason="Ansible at work")
    runs.save(moved)
    assert runs.all() == (moved,)


def test_runs_are_listed_with_the_newest_last(runs: Runs) -> None:
    for minute in (20, 5, 10):
        runs.save(run_at(minute))
    assert runs.all() == (run_at(5), run_at(10), run_at(20))


def test_a_deployment_without_runs_has_none(runs: Runs) -> None:
    assert (runs.all(), runs.newest()) == ((), None)


def test_the_newest_is_read_although_an_older_one_is_broken(runs: Runs, tmp_path: Path) -> None:
    runs.save(run_at(5))
    runs.save(run_at(10))
    (tmp_path / "runs" / run_at(5).id / "run.json").write_text("{")
    assert runs.newest() == run_at(10)


@pytest.mark.parametrize("harm", damages.EVERY)
def test_a_broken_record_is_named(runs: Runs, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    runs.save(RUN)
    harm(tmp_path / "runs" / RUN.id / "run.json")
    with like_everybody(), pytest.raises(StateCorrupt, match=RUN.id):
        runs.load(RUN.id)


@pytest.mark.parametrize("harm", damages.EVERY)
def test_a_broken_record_hides_no_other(runs: Runs, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    runs.save(run_at(5))
    runs.save(run_at(10))
    harm(tmp_path / "runs" / run_at(10).id / "run.json")
    with like_everybody():
        assert (runs.all(), runs.newest(), list(runs.damaged())) == ((run_at(5),), run_at(5), [run_at(10).id])


def test_the_record_of_another_run_is_broken(runs: Runs, tmp_path: Path) -> None:
    runs.save(run_at(5))
    (tmp_path / "runs" / run_at(5).id).rename(tmp_path / "runs" / run_at(10).id)
    with pytest.raises(StateCorrupt, match=f"record of {run_at(5).id}"):
        runs.load(run_at(10).id)


@pytest.mark.parametrize("name", ["created_at", "started_at", "ended_at"])
def test_a_time_that_is_none_is_broken(runs: Runs, name: str) -> None:
    runs.save(replace(RUN, **{name: "yesterday"}))  # each of the three is a text
    with pytest.raises(StateCorrupt, match=f"{name} is no time"):
        runs.load(RUN.id)


def test_a_record_of_a_newer_version_is_not_taken_for_a_broken_one(runs: Runs, tmp_path: Path) -> None:
    runs.save(RUN)
    (tmp_path / "runs" / RUN.id / "run.json").write_text('{"schema": 99}')
    with pytest.raises(StateTooNew):
        runs.all()


def test_a_run_whose_record_was_set_aside_is_remembered(runs: Runs, tmp_path: Path, clock: FakeClock) -> None:
    runs.save(RUN)
    damages.empty(tmp_path / "runs" / RUN.id / "run.json")
    runs.set_aside(RUN.id, clock.now())
    assert (runs.ids(), runs.lost()) == ([], [RUN.id])


def test_it_is_not_lost_any_more_once_it_has_another_record(runs: Runs, tmp_path: Path, clock: FakeClock) -> None:
    runs.save(RUN)
    damages.empty(tmp_path / "runs" / RUN.id / "run.json")
    runs.set_aside(RUN.id, clock.now())
    runs.save(RUN)
    assert (runs.all(), runs.lost()) == ((RUN,), [])


def test_a_runs_folder_that_nobody_may_look_into_is_set_aside_whole(
    runs: Runs, tmp_path: Path, clock: FakeClock
) -> None:
    runs.save(RUN)
    damages.closed(tmp_path / "runs" / RUN.id)
    with like_everybody():
        assert list(runs.damaged()) == [RUN.id]
        assert runs.set_aside(RUN.id, clock.now()).name.startswith(f"{RUN.id}.damaged-")
        runs.save(RUN)
    assert runs.all() == (RUN,)


def test_a_folder_without_a_record_is_no_run(runs: Runs, tmp_path: Path) -> None:
    runs.save(RUN)
    (tmp_path / "runs" / run_at(59).id).mkdir()
    assert runs.newest() == RUN


def test_other_folders_are_passed_over(runs: Runs, tmp_path: Path) -> None:
    runs.save(RUN)
    other = tmp_path / "runs" / "zzz"
    other.mkdir()
    (other / "run.json").write_text("{")
    assert runs.all() == (RUN,)


def test_a_mistyped_id_gets_the_nearest_one(runs: Runs) -> None:
    runs.save(RUN)
    with pytest.raises(UnknownRun) as caught:
        runs.load("20260102-030405-beee")
    assert caught.value.hint == f'did you mean "{RUN.id}"?'


def test_an_id_near_to_none_gets_the_newest(runs: Runs) -> None:
    runs.save(RUN)
    with pytest.raises(UnknownRun) as caught:
        runs.load("last")
    assert RUN.id in caught.value.hint


def test_where_no_run_is_the_hint_says_so(runs: Runs) -> None:
    with pytest.raises(UnknownRun) as caught:
        runs.load(RUN.id)
    assert "no run yet" in caught.value.hint


@pytest.mark.parametrize("id", ["../../x", "", ".", "/etc", "a\0b"])
def test_an_id_leads_to_no_other_folder(runs: Runs, id: str) -> None:  # noqa: A002
    with pytest.raises(UnknownRun):
        runs.load(id)


def test_a_file_in_the_way_is_named(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(FolderNotWritable, match="is in the way"):
        runs.save(RUN)
