"""For how long a machine was there, as Google tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.core.bill import Bill, Machine
from cynthus.core.lifespan import Lifespan
from cynthus.targets.gcp.lifespan import lifespan
from cynthus.testing.gcp import Fault, SimulatedCloud
from tests.gcp.api import SPOT, lasting
from tests.targets.gcp_cloud import NAME, ZONE, api, end, machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.deployment import Host

RATE = 3.0


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[SimulatedCloud]:
    simulated = SimulatedCloud(tmp_path / "cloud", prices={"e2-standard-4": RATE, "g2-standard-4": RATE})
    with simulated.serving():
        yield simulated


def charged(cloud: SimulatedCloud) -> float:
    """What the cloud's own ledger says."""
    return sum(each.cost(cloud.clock.timestamp()) for each in cloud.ledger())


def told(cloud: SimulatedCloud, host: Host) -> float:
    """The same, as we count it."""
    found, there = lifespan(api(cloud), host.connection), host.connection
    assert found.began is not None
    row = Machine(NAME, there.instance_id, there.project, there.zone, RATE, found.began, ended=found.ended)
    return Bill((row,), found.now or "").dollars


def change(cloud: SimulatedCloud, **fields: str) -> None:
    """Have something else stand in the machine's document."""
    key = f"projects/{cloud.project.id}/zones/{ZONE}/instances/{NAME}"
    cloud.world.store.put("instances", key, {**(cloud.world.store.get("instances", key) or {}), **fields})


@pytest.mark.parametrize("action", ["DELETE", "STOP"])
def test_one_that_was_taken_back_cost_what_the_ledger_says(cloud: SimulatedCloud, action: str) -> None:
    host = machine(cloud, kind="g2-standard-4", scheduling={**SPOT, "instanceTerminationAction": action})
    cloud.advance(5000)
    cloud.preempt(NAME)
    cloud.advance(4000)
    assert told(cloud, host) == pytest.approx(charged(cloud), abs=1e-6)
    assert charged(cloud) > RATE


@pytest.mark.parametrize("action", ["DELETE", "STOP"])
def test_one_whose_time_was_up_cost_what_the_ledger_says(cloud: SimulatedCloud, action: str) -> None:
    host = machine(cloud, scheduling=lasting(7200, action))
    cloud.advance(9000)
    assert told(cloud, host) == pytest.approx(charged(cloud), abs=1e-6)


@pytest.mark.parametrize("verb", ["delete", "stop"])
def test_one_that_somebody_removed_cost_what_the_ledger_says(cloud: SimulatedCloud, verb: str) -> None:
    host = machine(cloud)
    cloud.advance(7200)
    end(cloud, verb)
    cloud.advance(7200)
    assert told(cloud, host) == pytest.approx(charged(cloud), abs=1e-6)


def test_one_that_stands_costs_until_now_by_the_clouds_clock(cloud: SimulatedCloud) -> None:
    host = machine(cloud)
    cloud.advance(36000)
    # An answer is dated to the second.
    assert told(cloud, host) == pytest.approx(charged(cloud), abs=2 * RATE / 3600)


def test_one_that_stands_has_its_type(cloud: SimulatedCloud) -> None:
    found = lifespan(api(cloud), machine(cloud).connection)
    assert (found.machine_type, found.ended) == ("e2-standard-4", None)


def test_one_that_is_being_made_costs_nothing_yet(cloud: SimulatedCloud) -> None:
    host = machine(cloud)
    change(cloud, status="STAGING")
    found = lifespan(api(cloud), host.connection)
    assert (found.began, found.now) == (None, None)


@pytest.mark.parametrize("fault", [Fault(status=403), Fault(status=503), Fault(cut=0)])
def test_where_nobody_can_tell_nothing_is_told(cloud: SimulatedCloud, fault: Fault) -> None:
    host = machine(cloud)
    cloud.faults.plan(fault, path="/instances/", times=9)
    assert lifespan(api(cloud), host.connection) == Lifespan()


def test_of_one_that_google_has_forgotten_nothing_is_told(cloud: SimulatedCloud) -> None:
    host = machine(cloud)
    end(cloud, "delete")
    for key, _ in cloud.world.store.items("operations"):
        cloud.world.store.remove("operations", key)
    assert lifespan(api(cloud), host.connection) == Lifespan()


def test_who_may_not_look_at_operations_learns_when_it_stood_only_while_it_stands(cloud: SimulatedCloud) -> None:
    host = machine(cloud)
    cloud.deny("owner@example.com", "compute.zoneOperations.list")
    assert lifespan(api(cloud), host.connection).began is not None
    cloud.deny("owner@example.com")
    end(cloud, "delete")
    cloud.deny("owner@example.com", "compute.zoneOperations.list")
    assert lifespan(api(cloud), host.connection) == Lifespan()


def test_moments_are_told_in_utc(cloud: SimulatedCloud) -> None:
    host = machine(cloud)
    change(cloud, lastStartTimestamp="2026-03-01T04:00:00.250-08:00")
    assert lifespan(api(cloud), host.connection).began == "2026-03-01T12:00:00.250Z"
