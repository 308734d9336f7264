"""Machines of a simulated cloud that are bought otherwise than by the hour: by flex-start, and from reservations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cynthus.targets.gcp.refusals import understood
from cynthus.testing.gcp.compute.reservations import KEY
from tests.gcp.api import SPOT, ZONE, machine

if TYPE_CHECKING:
    from cynthus.testing.gcp import SimulatedCloud
    from tests.gcp.api import Api, Reply

INSTANCES = f"{ZONE}/instances"
WEEK = 7 * 86400
FLEX: dict[str, Any] = {
    "provisioningModel": "FLEX_START",
    "automaticRestart": False,
    "onHostMaintenance": "TERMINATE",
    "instanceTerminationAction": "DELETE",
    "maxRunDuration": {"seconds": WEEK},
}
BOUND: dict[str, Any] = {**FLEX, "provisioningModel": "RESERVATION_BOUND", "maxRunDuration": {"seconds": 3600}}
HOURLY: dict[str, Any] = {"onHostMaintenance": "TERMINATE"}


def flex(**changes: Any) -> dict[str, Any]:
    """The body of a machine by flex-start; None leaves something out of what it says of when it runs."""
    told = {name: value for name, value in {**FLEX, **changes}.items() if value is not None}
    return machine(kind="g2-standard-4", scheduling=told)


def of(name: str, kind: str = "g2-standard-4", called: str = "demo-host-0", **more: Any) -> dict[str, Any]:
    """That of one from a reservation."""
    affinity = {"consumeReservationType": "SPECIFIC_RESERVATION", "key": KEY, "values": [name]}
    return machine(called, kind=kind, reservationAffinity=affinity, **{"scheduling": HOURLY, **more})


def said(reply: Reply) -> str:
    """Why that was refused."""
    assert reply.status in (400, 412), reply.body
    return str(reply["error"]["message"])


def make(api: Api, body: dict[str, Any]) -> None:
    done = api.done(api.post("compute", INSTANCES, body))
    assert "error" not in done, done


# by flex-start


def test_a_machine_by_flex_start_ends_in_its_time(room: Api, cloud: SimulatedCloud) -> None:
    make(room, flex())
    cloud.advance(WEEK - 60)
    assert len(cloud.instances()) == 1
    cloud.advance(61)
    assert cloud.instances() == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"maxRunDuration": None}, "must specify maxRunDuration"),
        ({"maxRunDuration": {"seconds": WEEK + 1}}, "604800 seconds for the FLEX_START provisioning model"),
        ({"instanceTerminationAction": None}, "must specify a termination action"),
        ({"automaticRestart": True}, "Automatic restart is not supported"),
        ({"onHostMaintenance": "MIGRATE"}, "do not support live migration"),
    ],
)
def test_what_google_does_not_lend_so_is_refused(room: Api, changes: dict[str, Any], why: str) -> None:
    assert why in said(room.post("compute", INSTANCES, flex(**changes)))


@pytest.mark.parametrize("kind", ["e2-standard-4", "n1-standard-4", "c3-standard-4"])
def test_machines_without_newer_gpus_are_not_sold_by_flex_start(room: Api, kind: str) -> None:
    why = said(room.post("compute", INSTANCES, machine(kind=kind, scheduling=FLEX)))
    assert "does not support the FLEX_START" in why


def test_by_flex_start_it_counts_as_a_spot_machine_does(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.set_limit("PREEMPTIBLE_NVIDIA_L4_GPUS", 0)
    done = room.done(room.post("compute", INSTANCES, flex()))
    assert "PREEMPTIBLE_NVIDIA_L4_GPUS" in done["error"]["errors"][0]["message"]


# from a reservation


def test_what_is_reserved_is_there_where_nobody_else_gets_any(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.reserve("us-central1-a", "lab", "g2-standard-4")
    cloud.project.sell_out("us-central1-a")
    make(room, of("lab"))
    (found,) = cloud.instances()
    assert found["reservationAffinity"]["values"] == ["lab"]


def test_one_that_is_not_there_has_nothing(room: Api) -> None:
    why = said(room.post("compute", INSTANCES, of("lab")))
    assert "Specified reservations [lab] do not exist." in why
    assert told(why) == "there is no reservation lab in the machine's zone"


def test_one_of_another_zone_is_not_there(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.reserve("us-central1-b", "lab", "g2-standard-4")
    assert "do not exist" in said(room.post("compute", INSTANCES, of("lab")))


def test_one_of_other_machines_has_none_of_these(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.reserve("us-central1-a", "lab", "g2-standard-8")
    why = said(room.post("compute", INSTANCES, of("lab")))
    assert told(why) == "the reservation lab is for other machines than the one that is asked for"


def test_one_that_is_used_up_has_none_left(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.reserve("us-central1-a", "lab", "g2-standard-4", 1)
    make(room, of("lab"))
    why = said(room.post("compute", INSTANCES, of("lab", called="second")))
    assert told(why) == "all machines of the reservation lab are in use"


def test_a_machine_that_goes_leaves_its_place_to_the_next(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.reserve("us-central1-a", "lab", "g2-standard-4", 1)
    make(room, of("lab"))
    room.done(room.delete("compute", f"{INSTANCES}/demo-host-0"))
    make(room, of("lab", called="second"))


@pytest.mark.parametrize("scheduling", [SPOT, FLEX])
def test_what_is_lent_is_taken_from_no_reservation(
    room: Api, cloud: SimulatedCloud, scheduling: dict[str, Any]
) -> None:
    cloud.project.reserve("us-central1-a", "lab", "g2-standard-4")
    why = said(room.post("compute", INSTANCES, of("lab", scheduling=scheduling)))
    assert "cannot consume a reservation" in why


def test_what_is_sold_in_reservations_is_bound_to_one(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.set_limit("GPUS-PER-GPU-FAMILY-per-project-region/NVIDIA_H200", 8)
    cloud.project.reserve("us-central1-b", "lab", "a3-ultragpu-8g")
    body = of("lab", kind="a3-ultragpu-8g", at="us-central1-b", disk="hyperdisk-balanced", scheduling=BOUND)
    reply = room.post("compute", INSTANCES.replace("us-central1-a", "us-central1-b"), body)
    assert (reply.status, "error" in room.done(reply)) == (200, False), reply.body


def test_what_is_sold_by_the_hour_is_not(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.reserve("us-central1-a", "lab", "g2-standard-4")
    why = said(room.post("compute", INSTANCES, of("lab", scheduling=BOUND)))
    assert "does not support the RESERVATION_BOUND" in why


def test_a_machine_that_is_bound_names_what_to(room: Api) -> None:
    body = machine(kind="g2-standard-4", scheduling=BOUND)
    assert "provisioning model" in said(room.post("compute", INSTANCES, body))


def told(why: str) -> str:
    """What Cynthus makes of it."""
    found = understood(f"Error creating instance: googleapi: Error 400: {why}, invalid", "lab-1")
    assert found is not None
    return found.message
