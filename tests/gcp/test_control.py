"""A simulated cloud is steered from outside, by whatever speaks HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from cynthus.testing.gcp.control import COMMANDS
from tests.gcp.api import L4, ZONE, P, lasting, machine

if TYPE_CHECKING:
    from cynthus.testing.gcp import SimulatedCloud
    from tests.gcp.api import Api

INSTANCES = f"{ZONE}/instances"
ONE = f"{INSTANCES}/demo-host-0"


def steer(api: Api, what: str, method: str = "POST", **body: Any) -> Any:
    given = requests.request(method, f"{api.endpoint}/simulation/{what}", json=body or None, timeout=10)
    assert given.status_code == 200, given.text
    return given.json()


def test_the_clock_is_moved_and_set(room: Api) -> None:
    room.done(room.post("compute", INSTANCES, machine(scheduling=lasting(3600))))
    before = steer(room, "clock", "GET")["seconds"]
    assert steer(room, "clock", advance=3601)["seconds"] - before == pytest.approx(3601, abs=5)
    assert steer(room, "instances", "GET")["instances"] == []
    assert steer(room, "clock", now="2031-01-01T00:00:00+00:00")["now"].startswith("2031-01-01")


def test_what_was_made_is_told_with_its_hours(room: Api) -> None:
    room.done(room.post("compute", INSTANCES, machine()))
    steer(room, "clock", advance=7200)
    entries = steer(room, "ledger", "GET")["entries"]
    (hours,) = (each["hours"] for each in entries if each["kind"] == "instances")
    assert hours == pytest.approx(2, abs=0.1)
    assert steer(room, "resources", "GET")["instances"] == [ONE]


def test_faults_are_planned_seen_and_cleared(room: Api) -> None:
    steer(room, "faults", fault={"status": 503}, path="/zones$", times=2)
    assert room.get("compute", f"{P}/zones").status == 503
    assert [each["times"] for each in steer(room, "faults", "GET")["faults"]] == [1]
    steer(room, "faults", "DELETE")
    assert room.get("compute", f"{P}/zones").status == 200
    steer(room, "faults", operation={"code": "INTERNAL_ERROR"}, path="/instances$")
    assert room.done(room.post("compute", INSTANCES, machine()))["error"]["errors"][0]["code"] == "INTERNAL_ERROR"


def test_somebody_comes_and_is_denied_something(room: Api) -> None:
    steer(room, "tokens", token="anna", email="anna@example.com", roles=["roles/owner"])
    assert room.as_("anna").get("compute", f"{P}/zones").status == 200
    steer(room, "denied", email="anna@example.com", permissions=["compute.zones.list"])
    assert room.as_("anna").get("compute", f"{P}/zones").status == 403
    used = requests.get(f"{room.endpoint}/simulation/permissions?email=anna@example.com", timeout=10).json()
    assert used == {"used": ["compute.zones.list"]}


def test_the_project_is_changed(room: Api) -> None:
    told = steer(
        room, "project", latency=3, billing=False, disable=["iam.googleapis.com"], limits={"us-central1/CPUS": 1},
        sell_out={"us-central1-a": ["g2-standard-4"]},
    )  # fmt: skip
    assert (told["latency"], told["billing"], told["limits"]) == (3, False, {"us-central1/CPUS": 1})
    assert told["stockouts"] == {"us-central1-a": ["g2-standard-4"]}
    assert "iam.googleapis.com" not in told["enabled"]
    told = steer(room, "project", enable=["iam.googleapis.com"], restock=["us-central1-a"], billing=True)
    assert (told["stockouts"], "iam.googleapis.com" in told["enabled"]) == ({}, True)


def test_a_machine_is_taken_back_and_says_its_last(room: Api, cloud: SimulatedCloud) -> None:
    room.done(room.post("compute", INSTANCES, machine(**L4)))
    steer(room, "serial", instance="demo-host-0", text="last words")
    assert room.get("compute", f"{ONE}/serialPort")["contents"] == "last words"
    steer(room, "preempt", instance="demo-host-0")
    cloud.advance(31)
    assert cloud.instances() == []


def test_a_bucket_is_somebody_elses(api: Api) -> None:
    steer(api, "others", buckets=["taken"])
    assert api.post("storage", "b", {"name": "taken"}, project="rehearsal").status == 409


@pytest.mark.parametrize(
    ("what", "body"),
    [("preempt", {"instance": "none"}), ("preempt", {}), ("clock", {"advance": -1}), ("faults", {"times": "x"})],
)
def test_what_cannot_be_done_is_refused(api: Api, what: str, body: dict[str, Any]) -> None:
    given = requests.post(f"{api.endpoint}/simulation/{what}", json=body, timeout=10)
    assert given.status_code == 400


def test_whoever_asks_for_something_else_is_told_what_there_is(api: Api) -> None:
    given = requests.get(f"{api.endpoint}/simulation/everything", timeout=10)
    assert given.status_code == 404
    assert all(f"{method} {what}" in given.text for method, what in COMMANDS)
