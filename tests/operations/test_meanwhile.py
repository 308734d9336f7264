"""What others do, or what else goes wrong, while a run rests or is gone on with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cynthus.core.clock import stamp
from cynthus.core.run import Run, RunState
from cynthus.errors import AnsibleError, RunPreempted
from cynthus.operations import ranks
from cynthus.operations.attend import Attendance
from cynthus.operations.boundary import ended_before
from cynthus.operations.cancel import cancel
from cynthus.operations.down import down
from cynthus.operations.outcome import outcome
from cynthus.operations.pull import pull
from cynthus.operations.resume import look_why
from cynthus.operations.retry import request_for
from cynthus.operations.up import Request, run, up
from tests.operations.host import ID, RUN
from tests.operations.machines import Machines
from tests.operations.test_retry import again, newest, site, taken, told, world

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.operations.site import Site
    from tests.operations.clouds import Clouded

__all__ = ["site", "world"]


def begins(world: Clouded, site: Site) -> None:
    """main.py of the newest run runs now."""
    at, known = stamp(world.clock.now()), newest(site)
    for state in (RunState.PROVISIONING, RunState.CONFIGURING, RunState.RUNNING):
        if state.value != known.state and known.state is not RunState.RUNNING:
            known = known.moved(state, at=at, reason="on its way") if state in _next(known) else known
    site.runs.save(replace(known, started_at=known.started_at or at, attempt_at=at))


def _next(run: Run) -> frozenset[RunState]:
    from cynthus.core.run import TRANSITIONS

    return TRANSITIONS[run.state]


def ends(world: Clouded, site: Site) -> None:
    at = stamp(world.clock.now())
    ended = newest(site).moved(RunState.SUCCEEDED, at=at, reason="exit code 0")
    site.runs.save(replace(ended, ended_at=at, pulled=True))


def second_attempt(world: Clouded, site: Site) -> Run:
    """The run goes on as that."""
    taken(world, site)
    again(world, site)
    begins(world, site)
    return newest(site)


def remaining(site: Site) -> int | None:
    (file,) = site.folder.glob(".cynthus/*/runtime.tfvars.json")
    found: int | None = json.loads(file.read_text())["remaining"]
    return found


# another run after it


def test_another_run_after_one_of_several_attempts_has_a_time_of_its_own(world: Clouded, site: Site) -> None:
    second_attempt(world, site)
    ends(world, site)
    taken(world, site, "deleted", after=4600)
    again(world, site, run)
    assert (remaining(site), told(site)["max_duration"]) == (None, 3600)


# somebody else


@pytest.mark.parametrize("verb", ["cancel", "down"])
def test_who_waits_to_go_on_with_it_makes_nothing_once_somebody_has_ended_it(
    world: Clouded, site: Site, verb: str
) -> None:
    resting = second_attempt(world, site)
    taken(world, site)
    if verb == "cancel":
        cancel(world.tools, str(site.folder))
    else:
        down(world.tools, str(site.folder), yes=True)
    with pytest.raises(RunPreempted, match="does not go on: it is CANCELLED"):
        up(world.tools, request_for(resting, site))
    assert world.cloud.made == 2


def test_nor_where_another_run_has_begun(world: Clouded, site: Site) -> None:
    resting = newest(site)
    taken(world, site)
    (site.folder / "main.py").write_text("print('other')")
    again(world, site)
    with pytest.raises(RunPreempted, match="another one has begun"):
        up(world.tools, request_for(resting, site))


def test_who_was_held_up_takes_nothing_back_from_the_attempt_that_goes_on(world: Clouded, site: Site) -> None:
    late = Attendance(world.tools, site, newest(site))
    second_attempt(world, site)
    found = look_why(world.tools, late)
    assert (found.state, found.attempt) == (RunState.PREEMPTED, 1)
    assert (newest(site).state, newest(site).attempt) == (RunState.RUNNING, 2)


def test_who_sees_it_rest_late_does_not_take_the_next_attempt_for_it(world: Clouded, site: Site) -> None:
    first = newest(site)
    late = Attendance(world.tools, site, first)
    late.run = ended_before(first, second_attempt(world, site))
    late.rest()
    assert (late.run.state, late.run.attempt) == (RunState.PREEMPTED, 1)


# time


def test_the_hours_for_which_it_rests_are_none_of_its_time(world: Clouded, site: Site) -> None:
    began = newest(site).attempt_at
    taken(world, site)
    resting = replace(newest(site), ended_at=stamp(world.clock.now()))
    at = stamp(world.clock.now())
    site.runs.save(resting.moved(RunState.PREEMPTED, at=at, reason="taken"))
    world.clock.advance(7 * 3600)
    again(world, site)
    assert began is not None
    assert told(site)["max_duration"] == 3000


def test_a_machine_that_goes_while_it_boots_does_not_make_those_before_it_forgotten(
    world: Clouded, site: Site
) -> None:
    world.cloud.lost_while_booting = {"4712"}
    taken(world, site, after=2600)
    again(world, site)
    left = remaining(site)
    assert left is not None
    assert left <= 5400 - 2600


def test_who_typed_that_there_is_no_deadline_need_not_type_it_again(world: Clouded) -> None:
    folder = world.folder("endless", spec="resources: {spot: true}\n")
    found = up(world.tools, Request(str(folder), yes=True, no_deadline=True)).site
    begins(world, found)
    before = newest(found).id
    taken(world, found, after=3 * 86400)
    again(world, found)
    assert (newest(found).id, newest(found).attempt) == (before, 2)


def test_a_new_machine_that_stands_already_is_not_waited_for(world: Clouded, site: Site) -> None:
    """It was made, and then everything was killed."""
    at = stamp(world.clock.now())
    site.runs.save(replace(newest(site).moved(RunState.PREEMPTED, at=at, reason="taken"), ended_at=at))
    before = world.clock.monotonic()
    again(world, site)
    assert world.clock.monotonic() - before < 60
    assert (newest(site).attempt, world.cloud.made) == (2, 1)


# what was saved


def test_what_was_saved_is_still_owed_where_the_first_try_on_the_new_machine_fails(
    world: Clouded, site: Site
) -> None:
    taken(world, site)
    (site.folder / "main.py").write_text("print('other')")
    play = world.plays.play

    def failing(*_: Any, **__: Any) -> Any:
        raise AnsibleError("pip says no", hint="mend it")

    world.plays.play = failing  # type: ignore[method-assign]  # for one time
    with pytest.raises(AnsibleError):
        again(world, site)
    world.plays.play = play  # type: ignore[method-assign]
    (site.folder / "main.py").write_text("print('third')")
    again(world, site)
    assert told(site)["restore"] is True


# what was typed


def test_other_arguments_stay_those_that_were_typed_where_the_machine_goes_while_it_boots(
    world: Clouded, site: Site
) -> None:
    taken(world, site)
    world.cloud.lost_while_booting = {"4712"}
    up(world.tools, Request(str(site.folder), yes=True, arguments=("--lr", "2")))
    assert newest(site).arguments == ("--lr", "2")


def test_so_does_a_changed_folder(world: Clouded, site: Site) -> None:
    before = newest(site).id
    taken(world, site)
    world.cloud.lost_while_booting = {"4712"}
    (site.folder / "main.py").write_text("print('other')")
    again(world, site)
    assert (newest(site).id != before, newest(site).attempt) == (True, 1)


# several hosts


class Agent:
    """Of which a test knows whether it was told to end."""

    gone = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: list[str] = []

    def stop(self, run: str, reason: str, attempt: int) -> None:
        self.told.append(reason)


def ranks_of(first: dict[str, object], second: dict[str, object]) -> tuple[Any, list[ranks.Rank]]:
    agents: Any = Agent("host-0"), Agent("host-1")
    return agents, [ranks.Rank(agents[0], first), ranks.Rank(agents[1], second)]


TAKEN: dict[str, object] = {"state": "EXITED", "reason": "preempted: the cloud took the machine back", "signal": 15}
GOES_ON: dict[str, object] = {"state": "RUNNING", "started_at": "2026-01-02T03:04:05Z"}
BOTH = Run("r", "d", "2026-01-02T03:04:05Z", state=RunState.RUNNING, nodes=2)


def test_where_the_cloud_takes_one_of_several_back_the_others_are_ended() -> None:
    agents, found = ranks_of(GOES_ON, TAKEN)
    assert ranks.stop_rest(BOTH, found)
    assert agents[0].told == ["preempted: the cloud took host-1 back"]


def test_what_fails_on_another_host_for_that_is_no_failure() -> None:
    _, found = ranks_of({"state": "EXITED", "exit_code": 1, "ended_at": "2026-01-02T03:05:09Z"}, TAKEN)
    assert outcome(ranks.as_one(BOTH, found) or {})[0] is RunState.PREEMPTED


# machines that go right after the end


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    return Machines(tmp_path)


def saved_status(machines: Machines, **more: object) -> None:
    folder = machines.bucket / ID / "0/runs" / RUN.id / "attempts/1"
    folder.mkdir(parents=True, exist_ok=True)
    told = {"schema": 1, "run_id": RUN.id, "beat_at": "2026-01-02T03:05:00Z", "started_at": "2026-01-02T03:04:05Z"}
    (folder / "status.json").write_text(json.dumps({**told, **more}))


def test_a_success_is_none_where_the_machine_went_before_all_of_it_was_saved(machines: Machines) -> None:
    machines.prints(b"a\n")
    machines.saves()
    saved_status(machines, state="EXITED", exit_code=0, reason="", sync={"state": "sending", "files_behind": 12})
    machines.deleted()
    found = pull(machines.tools, str(machines.folder)).run
    assert (found.state, found.pulled) == (RunState.LOST, False)


def test_a_success_that_was_saved_is_one_although_the_machine_is_gone(machines: Machines) -> None:
    machines.prints(b"a\n")
    machines.saves()
    saved_status(machines, state="EXITED", exit_code=0, reason="", sync={"state": "saved", "files_behind": 0})
    machines.deleted()
    assert look_why(machines.tools, Attendance(machines.tools, machines.site, machines.run)).state is RunState.SUCCEEDED


def test_what_a_machine_had_not_saved_after_a_failure_is_told_once(machines: Machines) -> None:
    machines.prints(b"a\n")
    machines.saves()
    saved_status(machines, state="EXITED", exit_code=1, reason="", sync={"state": "sending", "files_behind": 12})
    machines.deleted()
    for _ in range(2):
        pull(machines.tools, str(machines.folder))
    told = [each for each in machines.workshop.progress.warnings if "had not been saved" in each]
    assert told == ["12 files had not been saved when the machine of host-0 went"]
