"""What a deployment has cost, over all its machines, is what the cloud's own ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import json
from msgspec.structs import replace

from cynthus.operations.down import down
from cynthus.operations.status import status
from cynthus.operations.up import Request, run
from cynthus.targets.gcp.catalog import catalog
from cynthus.targets.gcp.life import HOURS_OF_A_MONTH
from cynthus.targets.gcp.machine import LEAST_DISK
from cynthus.terraform.factory import TerraformCommand
from cynthus.testing.gcp.control import answer
from tests.gcp.laptop import LIFETIME, SPEC, Laptop, laptop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.bill import Bill
    from cynthus.testing.gcp import SimulatedCloud

SECOND = 1 / 3600
"""An answer is dated to the second, and so is what a machine costs that stands."""


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptop]:
    monkeypatch.chdir(tmp_path)
    with laptop(tmp_path) as made:
        (made.app / "cynthus.yaml").write_text(SPEC.format(key=made.place / "key") + "resources: {spot: true}\n")
        charge(made.cloud, "spot")
        yield made


def charge(cloud: SimulatedCloud, way: Any) -> None:
    """Have the ledger count by the prices that `up` shows, with the disk that a machine without a GPU has."""
    found = {each.type: each.price("us-central1", way) for each in catalog().machines}
    disk = catalog().disks["pd-balanced"]["us-central1"] * LEAST_DISK / HOURS_OF_A_MONTH
    cloud.world.ledger.prices = {kind: price + disk for kind, price in found.items() if price is not None}


def charged(cloud: SimulatedCloud) -> float:
    """As `GET /simulation/ledger` tells it."""
    told = json.decode(json.encode(answer(cloud.world, "GET", "ledger", {}, b"")))
    return float(sum(each["cost"] for each in told["entries"]))


def bill(person: Laptop) -> Bill:
    found = status(person.tools, str(person.app)).bill
    assert found is not None
    return found


def another(person: Laptop) -> None:
    """A run on another machine, the last one being gone."""
    person.clock.set(person.cloud.clock)
    run(person.tools, Request(str(person.app), yes=True))


def of_three(person: Laptop, first: int, second: int, third: int) -> Bill:
    """One is taken back, one expires and one is removed, each so many seconds before the next begins."""
    person.up(person.app)
    person.cloud.advance(1800)
    person.cloud.preempt(person.cloud.instances()[0]["name"])
    person.cloud.advance(first)
    another(person)
    person.cloud.advance(second)
    another(person)
    person.cloud.advance(third)
    found = down(person.tools, str(person.app), yes=True).bill
    assert found is not None
    return found


def test_a_machine_that_stands_costs_what_the_ledger_says(person: Laptop) -> None:
    person.up(person.app)
    person.cloud.advance(3600)
    rate = person.tools.index.by_folder(person.app)[0].per_hour
    assert rate
    assert bill(person).dollars == pytest.approx(charged(person.cloud), abs=2 * SECOND * rate)


def test_machines_that_were_taken_back_expired_and_removed_cost_what_the_ledger_says(person: Laptop) -> None:
    found = of_three(person, 1234, LIFETIME + 4321, 777)
    assert [each.why for each in found.machines] == ["preempted", "expired", "deleted"]
    assert not found.guessed
    assert found.dollars == pytest.approx(charged(person.cloud), abs=1e-6)
    assert found.dollars > 0.05
    # Nobody has to look again.
    person.cloud.advance(86400)
    assert bill(person).dollars == found.dollars


def test_after_down_another_sum_begins(person: Laptop) -> None:
    person.up(person.app)
    person.cloud.advance(1800)
    down(person.tools, str(person.app), yes=True)
    before = charged(person.cloud)
    another(person)
    person.cloud.advance(900)
    found = down(person.tools, str(person.app), yes=True).bill
    assert found is not None
    assert found.dollars == pytest.approx(charged(person.cloud) - before, abs=1e-6)


def test_where_the_cloud_has_forgotten_the_deadline_bounds_it(person: Laptop) -> None:
    person.up(person.app)
    assert not bill(person).guessed
    person.cloud.advance(LIFETIME + 86400)
    for key, _ in person.cloud.world.store.items("operations"):
        person.cloud.world.store.remove("operations", key)
    person.clock.set(person.cloud.clock)
    found = bill(person)
    assert found.guessed
    assert found.dollars == pytest.approx(charged(person.cloud), abs=0.01)


def test_the_end_of_a_machine_is_remembered_before_the_cloud_forgets_it(person: Laptop) -> None:
    person.up(person.app)
    person.cloud.advance(1800)
    person.cloud.preempt(person.cloud.instances()[0]["name"])
    person.cloud.advance(60)
    another(person)
    assert bill(person).count == 2
    for key, _ in person.cloud.world.store.items("operations"):
        person.cloud.world.store.remove("operations", key)
    found = bill(person)
    assert (found.machines[0].why, found.guessed) == ("preempted", False)


def test_a_machine_that_a_killed_up_has_not_noted_is_counted_all_the_same(person: Laptop) -> None:
    made = person.up(person.app).site
    assert made.entry is not None
    person.cloud.advance(1800)
    # As it was when the kill came, right after the apply.
    person.tools.index.put(replace(made.entry, phase="prepared", hosts=(), made_at=None))
    made.paths.machines.unlink()
    found = down(person.tools, str(person.app), yes=True).bill
    assert found is not None
    assert found.dollars == pytest.approx(charged(person.cloud), abs=1e-6)


@pytest.mark.cloud
def test_with_the_real_provider_it_is_the_ledgers_sum_too(person: Laptop, google: dict[str, str]) -> None:
    person.exports(**{**google, **person.cloud.environment()})
    person.tools = replace(person.tools, terraform=TerraformCommand(person.tools.settings))
    found = of_three(person, 31, LIFETIME + 1, 600)
    assert [each.why for each in found.machines] == ["preempted", "expired", "deleted"]
    assert found.dollars == pytest.approx(charged(person.cloud), abs=1e-6)
