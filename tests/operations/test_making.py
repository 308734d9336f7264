"""Making hosts that cost by the hour: when they are known, how long they last, and what becomes of those that never
answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cynthus.core.clock import as_label, stamp
from cynthus.errors import HostUnreachable, TerraformFailed
from cynthus.operations.awaiting import BOOT
from cynthus.operations.down import down
from cynthus.operations.up import Request, prepare, run
from cynthus.operations.up import up as bring_up
from cynthus.state.index import Entry
from cynthus.testing.outage import DOES_NOT_ANSWER
from tests.operations.clouds import Cloud, Clouded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.deployment import Host

DAY = timedelta(days=1)
BROKEN = TerraformFailed("it does not work", hint="mend it")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Clouded]:
    made = Clouded(tmp_path)
    yield made
    made.cloud.outage.end()
    made.home()


@pytest.fixture
def folder(world: Clouded) -> Path:
    return world.folder()


def again(world: Clouded, folder: Path, *, no_deadline: bool = False) -> Entry:
    run(world.tools, Request(str(folder), yes=True, no_deadline=no_deadline))
    return world.entry(folder)


def wish(folder: Path, text: str) -> None:
    (folder / "cynthus.yaml").write_text(f"target: gcp\nruntime: venv\n{text}\n")


# known before anybody waits


def test_a_host_is_listed_before_anybody_waits_for_it(world: Clouded, folder: Path) -> None:
    world.cloud.outage.begin()
    with pytest.raises(HostUnreachable):
        world.up(folder)
    found = world.entry(folder)
    assert (found.phase, [host.connection.instance_id for host in found.hosts]) == ("up", ["4711"])


def test_a_host_that_never_answers_is_told_with_its_last_words(world: Clouded, folder: Path) -> None:
    world.cloud.console = ("kernel panic", "rebooting")
    world.cloud.outage.begin()
    with pytest.raises(HostUnreachable, match=DOES_NOT_ANSWER) as caught:
        world.up(folder)
    assert tuple(caught.value.details)[-2:] == ("kernel panic", "rebooting")
    assert "`cynthus down` removes it" in caught.value.hint


def test_a_host_has_five_minutes_to_boot(world: Clouded, folder: Path) -> None:
    begun = world.clock.monotonic()
    world.cloud.outage.begin()
    with pytest.raises(HostUnreachable):
        world.up(folder)
    assert world.clock.monotonic() - begun == pytest.approx(BOOT, abs=2)


def test_a_way_that_is_closed_to_this_user_is_not_waited_for(world: Clouded, folder: Path) -> None:
    begun = world.clock.monotonic()
    world.cloud.outage.begin(closed=True)
    with pytest.raises(HostUnreachable, match="there is no way to it") as caught:
        world.up(folder)
    assert world.clock.monotonic() - begun < 2
    assert "`cynthus up` goes on" in caught.value.hint


def test_one_that_answers_later_is_waited_for(world: Clouded, folder: Path) -> None:
    world.cloud.outage.begin()
    with pytest.raises(HostUnreachable):
        world.up(folder)
    world.cloud.outage.end()
    world.asked()
    assert world.up(folder).ending == "started"
    assert (world.cloud.made, world.entry(folder).home != "") == (1, True)


# ready once


def test_a_machine_of_ours_is_made_ready_without_a_question_and_once(tmp_path: Path) -> None:
    world = Clouded(tmp_path, Cloud(unready=("Docker Engine",)))
    folder = world.folder()
    world.up(folder)
    again(world, folder)
    played = [play.playbook.name for play in world.plays.plays]
    assert (played, world.person.questions) == (["configure.yml", "up.yml", "up.yml"], [])
    world.home()


def test_another_machine_is_made_ready_again(tmp_path: Path) -> None:
    world = Clouded(tmp_path, Cloud(unready=("Docker Engine",)))
    folder = world.folder()
    world.up(folder)
    world.take_away(folder)
    again(world, folder)
    assert [play.playbook.name for play in world.plays.plays].count("configure.yml") == 2
    world.home()


# its clock


def test_a_host_is_said_to_end_when_its_cloud_ends_it(world: Clouded, folder: Path) -> None:
    end = world.clock.now() + DAY
    world.up(folder)
    assert (world.expires(folder), world.entry(folder).expires_at) == (as_label(end), stamp(end))
    assert f"  deletes itself at {stamp(end)}" in world.progress.notes


def test_a_host_that_stands_keeps_its_end(world: Clouded, folder: Path) -> None:
    world.up(folder)
    before = world.entry(folder).expires_at
    world.clock.advance(3600)
    assert again(world, folder).expires_at == before


def test_after_down_the_next_host_has_an_end_of_its_own(world: Clouded, folder: Path) -> None:
    world.up(folder)
    down(world.tools, str(folder), yes=True)
    world.clock.advance(3600)
    assert again(world, folder).expires_at == stamp(world.clock.now() + DAY)


def test_so_has_the_one_after_a_host_that_the_cloud_has_ended(world: Clouded, folder: Path) -> None:
    world.up(folder)
    world.clock.advance(DAY.total_seconds() + 60)
    world.take_away(folder)
    assert again(world, folder).expires_at == stamp(world.clock.now() + DAY)
    assert world.expires(folder) == as_label(world.clock.now() + DAY)


def test_so_has_a_host_that_is_made_in_the_place_of_another(world: Clouded, folder: Path) -> None:
    world.up(folder)
    world.clock.advance(3600)
    wish(folder, "resources: {zone: us-east1-b}")
    run(world.with_person(answer=True).tools, Request(str(folder)))
    assert world.expires(folder) == as_label(world.clock.now() + DAY)
    assert world.entry(folder).expires_at == stamp(world.clock.now() + DAY)


def test_a_deadline_that_was_left_out_stays_out_while_the_host_stands(world: Clouded, folder: Path) -> None:
    bring_up(world.tools, Request(str(folder), yes=True, no_deadline=True))
    world.asked()
    found = again(world, folder)
    assert (found.no_deadline, found.expires_at, world.asked()) == (True, None, ["plan compute"])


def test_it_stays_out_where_the_apply_was_cut_off(world: Clouded, folder: Path) -> None:
    bring_up(world.tools, Request(str(folder), yes=True, no_deadline=True))
    entry = world.entry(folder)
    # As a kill between the apply and the record leaves it.
    cut = {name: getattr(entry, name) for name in entry.__struct_fields__}
    world.tools.index.put(Entry(**{**cut, "phase": "prepared", "hosts": (), "home": ""}))
    world.asked()
    assert again(world, folder).no_deadline
    assert world.cloud.made == 1


def test_the_next_host_has_one_unless_it_is_left_out_again(world: Clouded, folder: Path) -> None:
    bring_up(world.tools, Request(str(folder), yes=True, no_deadline=True))
    down(world.tools, str(folder), yes=True)
    assert again(world, folder).expires_at == stamp(world.clock.now() + DAY)


# cut off


@pytest.mark.parametrize("verb", ["plan compute", "apply base", "apply compute"])
def test_a_kill_between_two_steps_of_terraform_is_gone_on_from(world: Clouded, folder: Path, verb: str) -> None:
    class Killed(BaseException):
        """What a kill is to the code."""

    world.terraform.failures[verb] = Killed()  # type: ignore[assignment]  # no error of ours
    with pytest.raises(Killed):
        world.up(folder)
    world.up(folder)
    assert (world.entry(folder).phase, world.cloud.made, world.asked()[-1]) == ("up", 1, "apply compute")


def test_what_a_kill_left_of_base_is_removed_by_destroy(world: Clouded, folder: Path) -> None:
    world.terraform.failures["apply compute"] = BROKEN
    with pytest.raises(TerraformFailed):
        world.up(folder)
    world.asked()
    down(world.tools, str(folder), yes=True, forget=True)
    assert world.asked() == ["destroy base", "apply base"]


# several at once


def hosts(world: Clouded, folder: Path) -> tuple[Host, ...]:
    return world.entry(folder).hosts


def test_prepare_on_a_host_that_the_cloud_has_ended_makes_none(world: Clouded, folder: Path) -> None:
    world.up(folder)
    world.take_away(folder)
    prepare(world.tools, Request(str(folder), yes=True))
    assert (hosts(world, folder), world.cloud.made) == ((), 1)
