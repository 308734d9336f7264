"""The clock of a simulated cloud ends machines, whoever is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.testing.gcp import SimulatedCloud
from tests.gcp.api import L4, SPOT, ZONE, Api, furnish, lasting, machine

if TYPE_CHECKING:
    from pathlib import Path

INSTANCES = f"{ZONE}/instances"
ONE = f"{INSTANCES}/demo-host-0"
DISK = f"{ZONE}/disks/demo-host-0"


def start(api: Api, **changes: Any) -> None:
    done = api.done(api.post("compute", INSTANCES, machine(**changes)))
    assert "error" not in done, done


def operations(api: Api) -> list[Any]:
    """Those of the zone, oldest first."""
    listed: list[Any] = api.get("compute", f"{ZONE}/operations")["items"]
    return sorted(listed, key=lambda each: str(each["insertTime"]))


def test_a_machine_is_there_until_its_time_is_up(room: Api, cloud: SimulatedCloud) -> None:
    start(room, scheduling=lasting(3600))
    cloud.advance(3500)
    assert room.get("compute", ONE)["status"] == "RUNNING"
    cloud.advance(101)
    assert (room.get("compute", ONE).status, room.get("compute", DISK).status) == (404, 404)


def test_a_machine_that_is_to_stop_stops(room: Api, cloud: SimulatedCloud) -> None:
    start(room, scheduling=lasting(3600, "STOP"))
    cloud.advance(3601)
    assert (room.get("compute", ONE)["status"], room.get("compute", DISK).status) == ("TERMINATED", 200)


def test_time_begins_again_when_a_machine_starts_again(room: Api, cloud: SimulatedCloud) -> None:
    start(room, scheduling=lasting(3600, "STOP"))
    room.done(room.post("compute", f"{ONE}/stop"))
    cloud.advance(3000)
    room.done(room.post("compute", f"{ONE}/start"))
    cloud.advance(3000)
    assert room.get("compute", ONE)["status"] == "RUNNING"
    cloud.advance(601)
    assert room.get("compute", ONE)["status"] == "TERMINATED"


def test_another_machine_of_that_name_has_time_of_its_own(room: Api, cloud: SimulatedCloud) -> None:
    start(room, scheduling=lasting(60))
    room.done(room.delete("compute", ONE))
    start(room, scheduling=lasting(3600))
    cloud.advance(120)
    assert room.get("compute", ONE)["status"] == "RUNNING"


def test_a_machine_without_an_end_has_none(room: Api, cloud: SimulatedCloud) -> None:
    start(room)
    cloud.advance(10 * 365 * 86400)
    assert room.get("compute", ONE)["status"] == "RUNNING"


def test_a_clock_that_is_set_ends_machines_too(room: Api, cloud: SimulatedCloud) -> None:
    start(room, scheduling=lasting(3600))
    cloud.clock = cloud.clock + timedelta(hours=2)
    assert cloud.instances() == []


def test_the_end_comes_with_nobody_there(tmp_path: Path) -> None:
    first = SimulatedCloud(tmp_path / "cloud")
    with first.serving() as endpoint:
        api = Api(endpoint)
        furnish(api)
        start(api, scheduling=lasting(3600))
        api.close()
    first.world.store.close()
    again = SimulatedCloud(tmp_path / "cloud")
    again.advance(3601)
    assert again.instances() == []


def test_a_spot_machine_has_30_seconds(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **L4)
    cloud.preempt("demo-host-0")
    cloud.advance(25)
    assert room.get("compute", ONE)["status"] == "RUNNING"
    cloud.advance(6)
    assert room.get("compute", ONE).status == 404


def test_a_spot_machine_that_is_to_stop_stops(room: Api, cloud: SimulatedCloud) -> None:
    start(room, scheduling={**SPOT, "instanceTerminationAction": "STOP"})
    cloud.preempt("demo-host-0")
    cloud.advance(31)
    assert room.get("compute", ONE)["status"] == "TERMINATED"


def test_only_a_spot_machine_is_taken_back(room: Api, cloud: SimulatedCloud) -> None:
    start(room)
    with pytest.raises(ValueError, match="no spot machine"):
        cloud.preempt("demo-host-0")


@pytest.mark.parametrize(("action", "kind"), [("DELETE", "deferredDelete"), ("STOP", "deferredStop")])
def test_the_end_of_a_machines_time_is_an_operation_of_the_cloud(
    room: Api, cloud: SimulatedCloud, action: str, kind: str
) -> None:
    start(room, scheduling=lasting(3600, action))
    cloud.advance(3601)
    found = operations(room)[-1]
    assert (found["operationType"], found["user"], found["status"]) == (f"compute.instances.{kind}", "system", "DONE")


def test_a_machine_that_was_taken_back_has_an_operation_that_says_so(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **L4)
    number = room.get("compute", ONE)["id"]
    cloud.preempt("demo-host-0")
    cloud.advance(31)
    found = operations(room)[-1]
    assert (found["operationType"], found["targetId"]) == ("compute.instances.preempted", number)


def test_the_operations_of_one_machine_are_found_by_its_number(room: Api, cloud: SimulatedCloud) -> None:
    start(room)
    start(room, name="demo-host-1")
    number = room.get("compute", ONE)["id"]
    room.done(room.delete("compute", ONE))
    listed = room.get("compute", f"{ZONE}/operations", filter=f"targetId={number}")["items"]
    assert sorted(each["operationType"] for each in listed) == ["delete", "insert"]


def test_an_operation_takes_as_long_as_it_is_told(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.latency = 60
    begun = room.post("compute", INSTANCES, machine())
    path = f"{ZONE}/operations/{begun['name']}"
    assert (room.get("compute", path)["status"], room.get("compute", ONE)["status"]) == ("RUNNING", "PROVISIONING")
    cloud.advance(61)
    assert (room.get("compute", path)["status"], room.get("compute", ONE)["status"]) == ("DONE", "RUNNING")


def test_a_machine_that_is_being_deleted_is_there_until_it_is_not(room: Api, cloud: SimulatedCloud) -> None:
    start(room)
    cloud.project.latency = 60
    room.delete("compute", ONE)
    assert room.get("compute", ONE)["status"] == "STOPPING"
    cloud.advance(61)
    assert room.get("compute", ONE).status == 404


# what it costs


def test_the_ledger_knows_who_made_what_and_for_how_long(room: Api, cloud: SimulatedCloud) -> None:
    start(room, scheduling=lasting(7200))
    cloud.advance(7201)
    entry = next(each for each in cloud.ledger() if each.kind == "instances")
    assert (entry.by, entry.machine_type, entry.ended is not None) == ("owner@example.com", "e2-standard-4", True)
    assert entry.hours(cloud.clock.timestamp()) == pytest.approx(2, abs=0.01)


def test_a_machine_that_stopped_costs_no_more(tmp_path: Path) -> None:
    cloud = SimulatedCloud(tmp_path / "cloud", prices={"e2-standard-4": 0.5})
    with cloud.serving() as endpoint:
        api = Api(endpoint)
        furnish(api)
        start(api)
        cloud.advance(3600)
        api.done(api.post("compute", f"{ONE}/stop"))
        cloud.advance(36000)
        (entry,) = (each for each in cloud.ledger() if each.kind == "instances")
        api.close()
    assert entry.cost(cloud.clock.timestamp()) == pytest.approx(0.5, abs=0.01)


def test_answers_are_dated_by_the_clouds_clock(room: Api, cloud: SimulatedCloud) -> None:
    cloud.clock = datetime(2031, 1, 1, tzinfo=UTC)
    assert "01 Jan 2031" in room.get("compute", INSTANCES).headers["Date"]
