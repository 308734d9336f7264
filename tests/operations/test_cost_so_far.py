"""What the machines of a cloud have cost so far, as `status` shows it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from cynthus.cli import documents
from cynthus.cli.status_text import lines
from cynthus.operations.down import down
from cynthus.operations.status import status
from tests.operations.clouds import Clouded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Clouded]:
    made = Clouded(tmp_path, real=True)
    yield made
    made.home()


def costs(world: Clouded, folder: Path) -> str:
    found = status(world.tools, str(folder))
    (line,) = [each for each in lines(found, world.tools.clock.now()) if each.startswith("  costs")]
    return line.split(maxsplit=1)[1]


def pass_time(world: Clouded, **time: float) -> None:
    world.clock.sleep(timedelta(**time).total_seconds())


@pytest.fixture
def folder(world: Clouded) -> Path:
    folder = world.folder()
    world.ended(world.up(folder))
    return folder


def test_it_grows_with_the_hours_that_a_machine_stands(world: Clouded, folder: Path) -> None:
    rate = world.entry(folder).per_hour
    assert rate is not None
    pass_time(world, hours=10)
    assert costs(world, folder).startswith(f"${rate:.2f}/h, ${10 * rate:.2f} so far")


def test_it_is_told_beside_what_it_can_come_to(world: Clouded, folder: Path) -> None:
    entry = world.entry(folder)
    assert entry.per_hour is not None
    pass_time(world, hours=1)
    assert costs(world, folder).endswith(f"so far of at most ${24 * entry.per_hour:.2f}")


def test_with_max_cost_it_can_come_to_no_more_than_that(world: Clouded) -> None:
    folder = world.folder("other", spec="limits: {max_cost: 1.50}\n")
    world.ended(world.up(folder))
    most = world.entry(folder).at_most
    assert most is not None
    assert 1.45 < most < 1.5


def test_programs_are_told_both(world: Clouded, folder: Path) -> None:
    pass_time(world, hours=2)
    document = documents.status([status(world.tools, str(folder))], [], world.tools.clock.now())
    (told,) = cast("list[dict[str, object]]", document["deployments"])
    rate = world.entry(folder).per_hour
    assert rate is not None
    assert told["dollars_so_far"] == pytest.approx(2 * rate, rel=0.01)
    assert told["dollars_at_most"] == pytest.approx(24 * rate)


def test_another_run_on_the_same_machine_goes_on_counting(world: Clouded, folder: Path) -> None:
    made = world.entry(folder).made_at
    pass_time(world, hours=1)
    (folder / "main.py").write_text("print('again')\n")
    world.ended(world.up(folder))
    assert world.entry(folder).made_at == made is not None


def test_nothing_stands_and_nothing_is_said(world: Clouded, folder: Path) -> None:
    down(world.tools, str(folder), yes=True)
    assert costs(world, folder) == "nothing"
