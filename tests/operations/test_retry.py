"""A run whose machine the cloud has taken back: it rests, and goes on as the next attempt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cynthus.cli.status_text import lines
from cynthus.core.clock import stamp
from cynthus.core.placement import Placement
from cynthus.core.retry import Retry
from cynthus.core.run import Run, RunState
from cynthus.errors import RunPreempted
from cynthus.operations.cancel import cancel
from cynthus.operations.down import down
from cynthus.operations.retry import may_go_on, request_for, with_what_is_left
from cynthus.operations.status import status
from cynthus.operations.up import Request, run, up
from tests.operations.clouds import Clouded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.operations.site import Site

SPEC = "resources: {spot: true}\nlimits: {max_duration: 1h}\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Clouded]:
    made = Clouded(tmp_path)
    yield made
    made.home()


@pytest.fixture
def site(world: Clouded) -> Site:
    """A deployment on a spot machine, whose run goes on."""
    found = world.up(world.folder(spec=SPEC)).site
    newest = found.runs.newest()
    assert newest is not None
    at = stamp(world.clock.now())
    found.runs.save(replace(newest.moved(RunState.RUNNING, at=at, reason="it began"), started_at=at, attempt_at=at))
    world.asked()
    return found


def taken(world: Clouded, site: Site, why: str = "preempted", *, after: float = 600) -> None:
    """The cloud takes its machine away, after so many seconds."""
    world.clock.advance(after)
    world.take_away(site.folder)
    world.cloud.reasons.update(dict.fromkeys(world.cloud.removed, why))  # type: ignore[arg-type]  # one of the words


def newest(site: Site) -> Run:
    found = site.runs.newest()
    assert found is not None
    return found


def told(site: Site) -> dict[str, Any]:
    """What the agent was told of the run."""
    document: dict[str, Any] = json.loads((site.paths.runs / newest(site).id / "spec.json").read_text())
    return document


def again(world: Clouded, site: Site, verb: Callable[..., Any] = up) -> Any:
    return verb(world.tools, Request(str(site.folder), yes=True))


# going on


@pytest.mark.parametrize("verb", [up, run])
def test_it_goes_on_as_the_next_attempt_of_the_same_run(
    world: Clouded, site: Site, verb: Callable[..., Any]
) -> None:
    before = newest(site)
    taken(world, site)
    again(world, site, verb)
    assert (newest(site).id, newest(site).attempt, world.cloud.made) == (before.id, 2, 2)
    assert RunState.PREEMPTED in [each.state for each in newest(site).transitions]


def test_twice_within_a_minute_is_no_reason_to_give_up(world: Clouded, site: Site) -> None:
    for _ in range(2):
        taken(world, site, after=20)
        again(world, site)
    assert (newest(site).attempt, world.cloud.made) == (3, 3)


def test_a_machine_that_somebody_deleted_is_no_reason_to_go_on(world: Clouded, site: Site) -> None:
    before = newest(site)
    taken(world, site, "deleted")
    again(world, site)
    assert (newest(site).id != before.id, newest(site).attempt) == (True, 1)


def test_a_changed_folder_begins_another_run(world: Clouded, site: Site) -> None:
    before = newest(site)
    taken(world, site)
    (site.folder / "main.py").write_text("print('other')")
    again(world, site)
    assert newest(site).id != before.id
    assert site.runs.load(before.id).state is RunState.CANCELLED


def test_it_does_not_go_on_by_itself_where_the_folder_has_changed(world: Clouded, site: Site) -> None:
    taken(world, site)
    (site.folder / "main.py").write_text("print('other')")
    with pytest.raises(RunPreempted, match="the folder has changed since it began"):
        up(world.tools, request_for(newest(site), site))
    assert (world.cloud.made, newest(site).state) == (1, RunState.PREEMPTED)


def test_hosts_that_hold_nothing_get_what_was_saved(world: Clouded, site: Site) -> None:
    assert "restore" not in told(site)
    taken(world, site)
    again(world, site)
    assert told(site)["restore"] is True


def test_another_run_on_a_machine_in_the_place_of_one_that_went_begins_with_its_checkpoints(
    world: Clouded, site: Site
) -> None:
    taken(world, site, "deleted")
    again(world, site)
    assert told(site)["restore"] is True


def test_the_play_is_told_which_attempt_begins(world: Clouded, site: Site) -> None:
    taken(world, site)
    again(world, site)
    assert world.plays.plays[-1].extravars["cynthus_attempt"] == 2


def test_status_says_that_it_rests_and_how_it_goes_on(world: Clouded, site: Site) -> None:
    taken(world, site)
    found = status(world.tools, str(site.folder))
    (line,) = [each for each in lines(found, world.clock.now()) if each.startswith("  run  ")]
    assert " PREEMPTED " in line
    assert line.endswith("(the cloud has taken host-0 back; `cynthus up` goes on with it)")


def test_status_says_which_attempt_it_is_and_why(world: Clouded, site: Site) -> None:
    taken(world, site)
    again(world, site)
    found = status(world.tools, str(site.folder))
    (line,) = [each for each in lines(found, world.clock.now()) if each.startswith("  run  ")]
    assert line.endswith("(attempt 2: the cloud has taken host-0 back)")


# what is left


def test_main_py_gets_what_is_left_of_its_time(world: Clouded, site: Site) -> None:
    assert told(site)["max_duration"] == 3600
    taken(world, site)
    again(world, site)
    assert told(site)["max_duration"] == 3000


def test_all_machines_together_stand_no_longer_than_the_first_was_to(world: Clouded, site: Site) -> None:
    taken(world, site)
    again(world, site)
    (file,) = site.folder.glob(".cynthus/*/runtime.tfvars.json")
    assert json.loads(file.read_text())["remaining"] == 3600 + 1800 - 600


def test_spot_and_a_deadline_and_max_cost_together_hold_over_all_attempts(world: Clouded) -> None:
    folder = world.folder("dear", spec="resources: {spot: true}\nlimits: {max_duration: 40h, max_cost: 0.50}\n")
    found = world.up(folder).site
    at = stamp(world.clock.now())
    begun = newest(found).moved(RunState.RUNNING, at=at, reason="it began")
    found.runs.save(replace(begun, started_at=at, attempt_at=at))
    first, rate = world.entry(folder).lifetime, world.entry(folder).per_hour
    taken(world, found)
    again(world, found)
    (file,) = folder.glob(".cynthus/*/runtime.tfvars.json")
    remaining = json.loads(file.read_text())["remaining"]
    assert first is not None
    assert rate is not None
    assert remaining == first - 600
    assert (remaining + 600) / 3600 * rate <= 0.50


def test_it_fails_where_hardly_any_of_its_time_is_left(world: Clouded, site: Site) -> None:
    world.clock.advance(4600)
    taken(world, site)
    with pytest.raises(RunPreempted, match="have stood for all the time that it may take"):
        up(world.tools, request_for(newest(site), site))
    assert (newest(site).state, world.cloud.made) == (RunState.FAILED, 1)


def test_who_types_up_then_gets_another_run_with_a_time_of_its_own(world: Clouded, site: Site) -> None:
    before = newest(site)
    world.clock.advance(4600)
    taken(world, site)
    again(world, site)
    assert site.runs.load(before.id).state is RunState.FAILED
    assert (newest(site).id != before.id, newest(site).attempt, told(site)["max_duration"]) == (True, 1, 3600)


def test_where_there_is_no_deadline_none_is_kept(world: Clouded, site: Site) -> None:
    later = replace(newest(site), attempt=2)
    placed = Placement("gcp", "venv", lifetime=None)
    assert with_what_is_left(world.tools, site, later, placed, None) is placed


# how often


@pytest.mark.parametrize(
    ("attempt", "retry", "why"),
    [
        (1, Retry(), ""),
        (9, Retry(), ""),
        (10, Retry(), "this was attempt 10 of 10"),
        (1, Retry(on=()), "`retry:` in cynthus.yaml does not ask for that"),
        (1, Retry(on=("no_capacity",)), "`retry:` in cynthus.yaml does not ask for that"),
    ],
)
def test_how_often_it_goes_on_by_itself(attempt: int, retry: Retry, why: str) -> None:
    assert may_go_on(Run("r", "d", "t", attempt=attempt), retry) == why


# giving it up


def test_cancel_ends_a_run_that_rests(world: Clouded, site: Site) -> None:
    taken(world, site)
    _, ended = cancel(world.tools, str(site.folder))
    assert (ended.state, ended.reason) == (RunState.CANCELLED, "by `cynthus cancel`")


def test_down_ends_a_run_that_rests(world: Clouded, site: Site) -> None:
    taken(world, site)
    down(world.tools, str(site.folder), yes=True)
    assert newest(site).state is RunState.CANCELLED


def test_after_down_another_run_begins_with_nothing_of_the_bucket(world: Clouded, site: Site) -> None:
    taken(world, site)
    down(world.tools, str(site.folder), yes=True)
    again(world, site)
    assert (newest(site).attempt, "restore" in told(site)) == (1, False)
