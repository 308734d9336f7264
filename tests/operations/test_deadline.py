"""When a run ends on a machine that the cloud removes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.core.allowance import SAVING
from cynthus.core.clock import stamp
from cynthus.errors import UsageError
from cynthus.operations.deadline import in_time
from cynthus.operations.down import down
from cynthus.operations.up import Request, run
from cynthus.operations.up import up as bring_up
from tests.operations.clouds import Clouded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def allowed(limit: int | None, rest: int) -> object:
    """What a run may take whose machine lives for so many seconds yet."""
    document = {"max_duration": limit}
    return {**document, **in_time(document, stamp(NOW + timedelta(seconds=rest)), NOW)}["max_duration"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Clouded]:
    made = Clouded(tmp_path)
    yield made
    made.home()


def told(folder: Path) -> list[Any]:
    """What the runs of a folder may take, the oldest first."""
    files = sorted(folder.glob(".cynthus/*/runs/*/spec.json"))
    return [json.loads(file.read_text())["max_duration"] for file in files]


def test_a_run_that_ends_before_its_machine_has_its_own_time() -> None:
    assert allowed(3600, 2 * 3600) == 3600


@pytest.mark.parametrize("limit", [None, 3 * 3600])
def test_a_longer_one_ends_early_enough_to_be_saved(limit: int | None) -> None:
    assert allowed(limit, 2 * 3600) == 2 * 3600 - SAVING


def test_on_a_machine_that_is_about_to_go_it_has_half_of_what_is_left() -> None:
    assert allowed(None, 600) == 300


def test_on_one_whose_time_is_up_it_ends_at_once() -> None:
    assert allowed(None, -5) == 1


def test_where_nobody_removes_the_machine_nothing_changes() -> None:
    assert in_time({"max_duration": None}, None, NOW) == {}


def test_a_run_is_told_of_its_machines_end(world: Clouded) -> None:
    folder = world.folder(spec="limits: {max_cost: 1}\n")
    world.up(folder)
    expires = world.entry(folder).expires_at
    assert expires is not None
    (limit,) = told(folder)
    rest = (datetime.fromisoformat(expires) - world.clock.now()).total_seconds()
    assert limit == pytest.approx(rest - SAVING, abs=60)


def test_what_the_folder_asks_for_stays_the_same_whatever_is_left(world: Clouded) -> None:
    """Else a machine of another price, or an hour later, would be another app."""
    folder = world.folder()
    world.up(folder)
    assert json.loads((folder / "infra/gcp/compute/run.json").read_text())["max_duration"] is None


# what stands


def limited(world: Clouded, dollars: float) -> Path:
    """An app whose machine stands, and which may cost so much from now on."""
    folder = world.folder(spec="limits: {max_cost: 10}\n")
    world.up(folder)
    (folder / "cynthus.yaml").write_text(f"target: gcp\nruntime: venv\nlimits: {{max_cost: {dollars}}}\n")
    return folder


def test_more_money_makes_no_new_machine(world: Clouded) -> None:
    folder = limited(world, 20)
    before = world.entry(folder)
    run(world.tools, Request(str(folder), yes=True))
    after = world.entry(folder)
    assert (world.cloud.made, after.expires_at, after.at_most) == (1, before.expires_at, before.at_most)


def test_less_money_than_a_machine_can_cost_makes_another(world: Clouded) -> None:
    folder = limited(world, 5)
    run(world.tools, Request(str(folder), yes=True))
    most = world.entry(folder).at_most
    assert most is not None
    assert (world.cloud.made, most <= 5) == (2, True)


def test_the_next_machine_gets_what_more_money_buys(world: Clouded) -> None:
    folder = limited(world, 20)
    down(world.tools, str(folder), yes=True)
    run(world.tools, Request(str(folder), yes=True))
    most = world.entry(folder).at_most
    assert most is not None
    assert most > 19


PROMISES = [
    ("limits: {max_cost: 10}", "`max_cost` is kept by the cloud's clock"),
    ("resources: {gpu: L4, flex_start: true}", "Google makes no machine by `flex_start: true` without a deadline"),
]


@pytest.mark.parametrize(("text", "message"), PROMISES)
def test_a_promise_that_only_the_clouds_clock_can_keep_needs_it(world: Clouded, text: str, message: str) -> None:
    folder = world.folder(spec=f"{text}\n")
    with pytest.raises(UsageError, match="--no-deadline leaves that out") as caught:
        bring_up(world.tools, Request(str(folder), yes=True, no_deadline=True))
    assert message in caught.value.message


def test_a_machine_without_a_deadline_gets_no_such_promise_later(world: Clouded) -> None:
    folder = world.folder()
    bring_up(world.tools, Request(str(folder), yes=True, no_deadline=True))
    (folder / "cynthus.yaml").write_text("target: gcp\nruntime: venv\nlimits: {max_cost: 10}\n")
    with pytest.raises(UsageError, match="`max_cost` is kept") as caught:
        bring_up(world.tools, Request(str(folder), yes=True))
    assert "`cynthus down`" in caught.value.hint
