"""What a simulated cloud gets wrong when it is told to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cynthus.testing.gcp import STOCKOUT, Fault, OperationFault
from cynthus.testing.gcp.compute.stockouts import DETAILED
from tests.gcp.api import L4, ZONE, P, lasting, machine

if TYPE_CHECKING:
    from cynthus.testing.gcp import SimulatedCloud
    from tests.gcp.api import Api

INSTANCES = f"{ZONE}/instances"
ONE = f"{INSTANCES}/demo-host-0"


def failed(api: Api, **changes: Any) -> dict[str, object]:
    """The error of the operation that was to make a machine."""
    done = api.done(api.post("compute", INSTANCES, machine(**changes)))
    found: dict[str, object] = done["error"]["errors"][0]
    return found


def test_a_zone_that_is_sold_out_has_no_machine(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.sell_out("us-central1-a")
    error = failed(room)
    assert error["code"] == "ZONE_RESOURCE_POOL_EXHAUSTED"
    assert str(error["message"]).startswith(
        f"The zone '{ZONE}' does not have enough resources available to fulfill the request."
    )
    assert (cloud.instances(), room.get("compute", f"{ZONE}/disks/demo-host-0").status) == ([], 404)


def test_another_zone_still_has_some(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.sell_out("us-central1-a", "g2-standard-4")
    assert failed(room, **L4)["code"] == "ZONE_RESOURCE_POOL_EXHAUSTED"
    body = machine(at="us-central1-b", **L4)
    assert "error" not in room.done(room.post("compute", f"{P}/zones/us-central1-b/instances", body))
    assert "error" not in room.done(room.post("compute", INSTANCES, machine("plain")))


def test_zones_that_have_some_are_named_where_that_is_asked_for(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.sell_out("us-central1-b")
    cloud.faults.plan(OperationFault(DETAILED), path="/instances$")
    error = failed(room, **L4)
    text = "A g2-standard-4 VM instance with 1 nvidia-l4 accelerator(s) is currently unavailable in the us-central1-a"
    assert str(error["message"]).startswith(f"{text} zone. Consider trying your request in the us-central1-c zone(s)")


def test_a_zone_that_has_some_again_gives_them(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.sell_out("us-central1-a")
    failed(room)
    cloud.project.restock("us-central1-a")
    assert "error" not in room.done(room.post("compute", INSTANCES, machine()))


@pytest.mark.parametrize(
    ("metric", "region", "text"),
    [
        ("GPUS_ALL_REGIONS", "", "Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally."),
        ("NVIDIA_L4_GPUS", "us-central1", "Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 0.0 in region us-central1."),
        ("PREEMPTIBLE_NVIDIA_L4_GPUS", "", "Quota 'PREEMPTIBLE_NVIDIA_L4_GPUS' exceeded.  Limit: 0.0 in region"),
        ("CPUS", "", "Quota 'CPUS' exceeded.  Limit: 0.0 in region us-central1."),
        ("SSD_TOTAL_GB", "us-central1", "Quota 'SSD_TOTAL_GB' exceeded."),
    ],
)
def test_more_than_the_quota_is_refused(
    room: Api, cloud: SimulatedCloud, metric: str, region: str, text: str
) -> None:
    cloud.project.set_limit(metric, 0, region)
    error = failed(room, **L4)
    assert (error["code"], str(error["message"]).startswith(text)) == ("QUOTA_EXCEEDED", True), error
    assert error["errorDetails"][0]["quotaInfo"]["metricName"] == f"compute.googleapis.com/{metric.lower()}"  # type: ignore[index]  # it is JSON


def test_a_quota_counts_what_is_there(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.set_limit("NVIDIA_L4_GPUS", 1)
    room.done(room.post("compute", INSTANCES, machine(**L4)))
    assert failed(room, name="second", **L4)["code"] == "QUOTA_EXCEEDED"
    (told,) = (q for q in room.get("compute", f"{P}/regions/us-central1")["quotas"] if q["metric"] == "NVIDIA_L4_GPUS")
    assert (told["limit"], told["usage"]) == (1, 1)
    room.done(room.delete("compute", ONE))
    assert "error" not in room.done(room.post("compute", INSTANCES, machine("third", **L4)))


@pytest.mark.parametrize("name", ["demo-host-0"])
def test_an_operation_fails_as_it_is_told(room: Api, cloud: SimulatedCloud, name: str) -> None:
    cloud.faults.plan(OperationFault("INTERNAL_ERROR", "it broke"), path="/instances$", method="POST")
    assert failed(room, name=name) == {"code": "INTERNAL_ERROR", "message": "it broke"}
    assert "error" not in room.done(room.post("compute", INSTANCES, machine(name)))


def test_a_stockout_comes_as_often_as_it_is_told(room: Api, cloud: SimulatedCloud) -> None:
    cloud.faults.plan(STOCKOUT, path="us-central1-a/instances$", times=2)
    assert [failed(room)["code"] for _ in range(2)] == ["ZONE_RESOURCE_POOL_EXHAUSTED"] * 2
    assert "error" not in room.done(room.post("compute", INSTANCES, machine()))


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [(Fault(status=429, retry_after="7"), 429, "rateLimitExceeded"), (Fault(status=503), 503, "backendError")],
)
def test_a_request_fails_as_it_is_told(api: Api, cloud: SimulatedCloud, fault: Fault, status: int, reason: str) -> None:
    cloud.faults.plan(fault, path="/zones$", skip=1)
    assert api.get("compute", f"{P}/zones").status == 200
    reply = api.get("compute", f"{P}/zones")
    assert (reply.status, reply["error"]["errors"][0]["reason"]) == (status, reason)
    assert reply.headers.get("Retry-After", "") == fault.retry_after
    assert api.get("compute", f"{P}/zones").status == 200


def test_an_operation_may_be_asked_for_in_vain(room: Api, cloud: SimulatedCloud) -> None:
    cloud.faults.plan(Fault(status=503), path="/operations/", method="GET")
    begun = room.post("compute", INSTANCES, machine())
    path = f"{ZONE}/operations/{begun['name']}"
    assert [room.get("compute", path).status for _ in range(2)] == [503, 200]


def test_a_connection_that_is_cut_may_have_done_its_work(room: Api, cloud: SimulatedCloud) -> None:
    cloud.faults.plan(Fault(lost=True), method="POST", path="/instances$")
    with pytest.raises(requests.ConnectionError):
        room.post("compute", INSTANCES, machine())
    assert [each["name"] for each in cloud.instances()] == ["demo-host-0"]


@pytest.mark.parametrize("cut", [0, 100])
def test_an_answer_is_cut_off(api: Api, cloud: SimulatedCloud, cut: int) -> None:
    cloud.faults.plan(Fault(cut=cut), path="/zones$")
    with pytest.raises(requests.RequestException):
        api.get("compute", f"{P}/zones")
    assert api.get("compute", f"{P}/zones").status == 200


def test_an_operation_that_never_ends_has_a_machine_that_does(room: Api, cloud: SimulatedCloud) -> None:
    cloud.faults.plan(OperationFault(never=True), path="/instances$", method="POST")
    begun = room.post("compute", INSTANCES, machine(scheduling=lasting(3600)))
    path = f"{ZONE}/operations/{begun['name']}"
    assert (room.get("compute", path)["status"], room.get("compute", ONE)["status"]) == ("RUNNING", "RUNNING")
    cloud.advance(3601)
    assert (room.get("compute", path)["status"], cloud.instances()) == ("RUNNING", [])


def test_a_machine_that_is_dark_says_why_on_its_console(room: Api, cloud: SimulatedCloud) -> None:
    cloud.faults.plan(OperationFault(dark="Kernel panic - not syncing\n"), path="/instances$", method="POST")
    room.done(room.post("compute", INSTANCES, machine()))
    found = room.get("compute", ONE)
    assert (found["status"], found["networkInterfaces"][0]["networkIP"]) == ("RUNNING", "10.128.0.2")
    assert room.get("compute", f"{ONE}/serialPort")["contents"] == "Kernel panic - not syncing\n"


def test_whoever_waits_for_an_operation_is_answered_when_it_is_done(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.latency = 0.5
    began = time.monotonic()
    assert room.done(room.post("compute", INSTANCES, machine()))["status"] == "DONE"
    assert time.monotonic() - began >= 0.4


def test_a_test_is_told_of_work_before_it_is_answered(room: Api, cloud: SimulatedCloud) -> None:
    seen: list[tuple[str, int]] = []
    cloud.after(lambda request: seen.append((f"{request.method} {request.path}", len(cloud.instances()))))
    room.post("compute", INSTANCES, machine())
    assert seen == [(f"POST /compute/v1/{INSTANCES}", 1)]


def test_faults_are_cleared(api: Api, cloud: SimulatedCloud) -> None:
    cloud.faults.plan(Fault(status=503), times=9)
    cloud.faults.clear()
    assert api.get("compute", P).status == 200
