"""What the machines of a cloud have cost so far, as `status` and `down` show it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.cli.removed_text import removed_text
from cynthus.cli.status_text import lines
from cynthus.cli.wording import moment
from cynthus.core.clock import parse_stamp, stamp
from cynthus.core.lifespan import Lifespan, WhyGone
from cynthus.errors import HostError
from cynthus.operations.bill import Asked
from cynthus.operations.down import Removed, down
from cynthus.operations.site import locate
from cynthus.operations.status import status
from tests.operations.clouds import Cloud, Clouded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.core.bill import Bill


class Counting(Clouded):
    """A world whose cloud remembers its machines, unless a test has it forget them."""

    def begins(self, folder: Path) -> str:
        """The machine that stands begins now, in the cloud's words; gives its number."""
        (host,) = self.entry(folder).hosts
        number = str(host.connection.instance_id)
        now = stamp(self.clock.now())
        self.cloud.lifespans[number] = Lifespan(began=now, now=now, machine_type="e2-standard-4")
        return number

    def ends(self, number: str, why: WhyGone = "deleted") -> None:
        """A machine ends now, for a reason."""
        known = self.cloud.lifespans.get(number, Lifespan())
        self.cloud.lifespans[number] = replace(known, ended=stamp(self.clock.now()), why=why, now=None)
        self.cloud.removed.add(number)

    def later(self, **time: float) -> None:
        self.clock.sleep(timedelta(**time).total_seconds())
        now = stamp(self.clock.now())
        for number, known in self.cloud.lifespans.items():
            self.cloud.lifespans[number] = replace(known, now=now) if known.now else known

    def bill(self, folder: Path) -> Bill:
        found = status(self.tools, str(folder)).bill
        assert found is not None
        return found

    def costs(self, folder: Path) -> str:
        found = status(self.tools, str(folder))
        (line,) = [each for each in lines(found, self.tools.clock.now()) if each.startswith("  costs")]
        return line.split(maxsplit=1)[1]

    def again(self, folder: Path) -> str:
        """Another machine after one that is gone; gives its number."""
        (folder / "main.py").write_text(f"print({self.cloud.made})\n")
        self.ended(self.up(folder))
        return self.begins(folder)

    def down(self, folder: Path, *, forget: bool = False) -> Removed:
        """With the cloud's own word that the machine ends now."""
        for number, known in self.cloud.lifespans.items():
            if known.ended is None:
                self.ends(number)
        return down(self.tools, str(folder), yes=True, forget=forget)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Counting]:
    made = Counting(tmp_path, real=True)
    yield made
    made.home()


@pytest.fixture
def folder(world: Counting) -> Path:
    folder = world.folder()
    world.ended(world.up(folder))
    return folder


@pytest.fixture
def rate(world: Counting, folder: Path) -> float:
    found = world.entry(folder).per_hour
    assert found is not None
    return found


def test_it_is_told_beside_what_it_can_come_to(world: Counting, folder: Path, rate: float) -> None:
    world.begins(folder)
    world.later(hours=1)
    assert world.costs(folder) == f"${rate:.2f}/h, ${rate:.2f} so far of at most ${24 * rate:.2f}"


def test_with_max_cost_it_can_come_to_no_more_than_that(world: Counting) -> None:
    folder = world.folder("other", spec="limits: {max_cost: 1.50}\n")
    world.ended(world.up(folder))
    most = world.bill(folder).most
    assert most is not None
    assert 1.45 < most < 1.5


def test_what_it_can_come_to_is_that_of_the_machines_before_and_of_the_one_that_stands(
    world: Counting, folder: Path, rate: float
) -> None:
    first = world.begins(folder)
    world.later(hours=2)
    world.ends(first, "deleted")
    world.again(folder)
    assert world.bill(folder).most == pytest.approx(2 * rate + 24 * rate, rel=1e-3)


def test_it_grows_with_the_hours_that_a_machine_stands(world: Counting, folder: Path, rate: float) -> None:
    world.begins(folder)
    world.later(hours=10)
    assert world.costs(folder).startswith(f"${rate:.2f}/h, ${10 * rate:.2f} so far")


def test_it_is_an_estimate_as_long_as_the_cloud_has_not_said_when_it_began(
    world: Counting, folder: Path, rate: float
) -> None:
    world.later(hours=10)
    assert world.bill(folder).guessed
    assert world.costs(folder).startswith(f"${rate:.2f}/h, about ${10 * rate:.1f}")


def test_the_clouds_clock_counts_and_not_this_machines(world: Counting, folder: Path, rate: float) -> None:
    number = world.begins(folder)
    later = stamp(world.clock.now() + timedelta(hours=3))
    world.cloud.lifespans[number] = replace(world.cloud.lifespans[number], now=later)
    assert world.bill(folder).dollars == pytest.approx(3 * rate)


def test_another_run_on_the_same_machine_goes_on_counting(world: Counting, folder: Path) -> None:
    world.begins(folder)
    world.later(hours=1)
    (folder / "main.py").write_text("print('again')\n")
    world.ended(world.up(folder))
    assert world.bill(folder).count == 1


def test_a_machine_in_the_place_of_one_that_is_gone_adds_to_it(world: Counting, folder: Path, rate: float) -> None:
    first, since = world.begins(folder), stamp(world.clock.now())
    world.later(hours=2)
    world.ends(first, "preempted")
    world.later(hours=5)
    world.again(folder)
    world.later(hours=1)
    assert world.costs(folder).startswith(f"${rate:.2f}/h, ${3 * rate:.2f} so far of at most ")
    assert world.costs(folder).endswith(f", 2 machines since {moment(since)}")


def test_each_has_a_row_with_why_it_is_gone(world: Counting, folder: Path) -> None:
    first = world.begins(folder)
    world.ends(first, "preempted")
    world.ends(world.again(folder), "expired")
    world.again(folder)
    assert [each.why for each in world.bill(folder).machines] == ["preempted", "expired", ""]


def test_a_row_keeps_the_price_of_its_time(world: Counting, folder: Path, rate: float) -> None:
    first = world.begins(folder)
    world.ends(first)
    world.again(folder)
    entry = world.entry(folder)
    world.tools.index.put(replace(entry, per_hour=2 * rate))
    assert [each.per_hour for each in world.bill(folder).machines] == [rate, rate]


def test_a_machine_of_which_nothing_is_remembered_ends_when_it_was_seen_to_be_gone(
    world: Counting, folder: Path, rate: float
) -> None:
    world.later(hours=1)
    world.take_away(folder)
    found = world.bill(folder)
    assert found.guessed
    # What waited for the run has moved the clock, too.
    assert found.dollars == pytest.approx(rate, rel=0.02)
    world.later(hours=9)
    assert world.bill(folder).dollars == found.dollars


def test_it_ended_at_the_latest_when_the_cloud_was_to_remove_it(world: Counting, folder: Path) -> None:
    expires = world.entry(folder).expires_at
    world.later(days=30)
    world.take_away(folder)
    (machine,) = world.bill(folder).machines
    assert (machine.ended, machine.ended_guessed) == (expires, True)


@pytest.mark.parametrize(("beat", "hours"), [(2, 2), (-1, 10), (11, 10), (None, 10)])
def test_the_last_beat_of_a_machine_bounds_it_where_it_can(
    world: Counting, folder: Path, rate: float, beat: int | None, hours: int
) -> None:
    made = world.entry(folder).made_at
    assert made is not None
    told = "when?" if beat is None else stamp(parse_stamp(made) + timedelta(hours=beat))
    world.clock.set(parse_stamp(made) + timedelta(hours=10))
    world.take_away(folder)
    found = Asked(world.tools, locate(world.tools, str(folder))).bill(beats={"host-0": told})
    assert found is not None
    assert found.guessed
    assert found.dollars == pytest.approx(hours * rate)


def test_what_the_cloud_remembers_later_is_taken_in_place_of_an_estimate(
    world: Counting, folder: Path, rate: float
) -> None:
    began = stamp(world.clock.now())
    world.later(hours=1)
    ended = stamp(world.clock.now())
    world.later(hours=3)
    world.take_away(folder)
    assert world.bill(folder).guessed
    (host,) = world.bill(folder).machines
    world.cloud.lifespans[host.key] = Lifespan(began=began, ended=ended, why="expired")
    found = world.bill(folder)
    assert not found.guessed
    assert found.dollars == pytest.approx(rate)


def test_what_is_settled_is_not_asked_again(world: Counting, folder: Path) -> None:
    number = world.begins(folder)
    world.ends(number)
    first = world.bill(folder)
    world.cloud.lifespans[number] = Lifespan(ended=stamp(world.clock.now() + timedelta(days=1)))
    assert world.bill(folder).machines == first.machines


def test_a_lost_file_costs_no_machine_that_stands(world: Counting, folder: Path, rate: float) -> None:
    world.begins(folder)
    world.later(hours=2)
    locate(world.tools, str(folder)).paths.machines.unlink()
    assert world.bill(folder).dollars == pytest.approx(2 * rate)


@pytest.mark.parametrize("damage", [lambda _: "{", lambda text: text.replace("2026", "when?")])
def test_a_damaged_file_keeps_nobody_from_looking(
    world: Counting, folder: Path, rate: float, damage: Callable[[str], str]
) -> None:
    world.begins(folder)
    world.later(hours=2)
    file = locate(world.tools, str(folder)).paths.machines
    file.write_text(damage(file.read_text()))
    assert world.bill(folder).dollars == pytest.approx(2 * rate)


# down


def test_down_says_what_it_has_cost_in_all(world: Counting, folder: Path, rate: float) -> None:
    world.begins(folder)
    world.later(hours=4)
    assert f"; it cost ${4 * rate:.2f} in all" in removed_text(world.down(folder))


def test_the_sum_is_shown_until_it_is_brought_up_again(world: Counting, folder: Path, rate: float) -> None:
    world.begins(folder)
    world.later(hours=4)
    world.down(folder)
    world.later(hours=4)
    assert world.costs(folder) == f"nothing, ${4 * rate:.2f} in all"


def test_after_down_a_new_sum_begins(world: Counting, folder: Path, rate: float) -> None:
    world.begins(folder)
    world.later(hours=4)
    world.down(folder)
    world.again(folder)
    world.later(hours=1)
    assert world.costs(folder).startswith(f"${rate:.2f}/h, ${rate:.2f} so far")


def test_after_destroy_a_new_sum_begins_too(world: Counting, folder: Path, rate: float) -> None:
    world.begins(folder)
    world.later(hours=4)
    world.down(folder, forget=True)
    world.again(folder)
    world.later(hours=1)
    assert world.bill(folder).dollars == pytest.approx(rate)


def test_destroy_says_it_too(world: Counting, folder: Path, rate: float) -> None:
    world.begins(folder)
    world.later(hours=4)
    found = world.down(folder, forget=True).bill
    assert found is not None
    assert found.dollars == pytest.approx(4 * rate)


def test_machines_side_by_side_share_the_price(tmp_path: Path) -> None:
    world = Counting(tmp_path, Cloud(nodes=2))
    folder = world.folder(spec="resources: {nodes: 2}\n")
    with pytest.raises(HostError, match="'start'"):
        # Nothing comes to the hosts here.
        world.up(folder)
    both = world.entry(folder).per_hour
    assert both is not None
    assert [each.per_hour for each in world.bill(folder).machines] == [both / 2, both / 2]
