"""Services of Google's that are off, and are switched on: asked of the simulated cloud."""

from __future__ import annotations

import pytest

from cynthus.errors import CloudFailed, ProjectUnfit
from cynthus.targets.gcp import services
from cynthus.targets.gcp.machine import PLAIN
from cynthus.targets.gcp.services import enable
from cynthus.targets.gcp.wanted import Wanted
from cynthus.testing.gcp import OWNER, Fault, SimulatedCloud
from tests.gcp.conftest import cloud
from tests.targets.gcp_cloud import ZONE, api

__all__ = ["cloud"]

WANTED = Wanted("rehearsal", (ZONE,), "e2-standard-4", PLAIN, 4, secrets=True)
OFF = ("compute.googleapis.com", "iap.googleapis.com", "secretmanager.googleapis.com")


@pytest.fixture
def off(cloud: SimulatedCloud) -> SimulatedCloud:
    for each in OFF:
        cloud.project.disable(each)
    return cloud


def switch_on(cloud: SimulatedCloud) -> list[str]:
    """Gives what was told meanwhile."""
    told: list[str] = []
    enable(api(cloud), WANTED, OFF, told.append, pause=0.01)
    return told


def test_all_of_them_are_asked_for_in_one_request(off: SimulatedCloud) -> None:
    switch_on(off)
    assert [each.path for each in off.requests if each.method == "POST"] == [
        "/serviceusage/v1/projects/rehearsal/services:batchEnable"
    ]
    assert {*OFF} <= {*off.project.enabled}


def test_an_operation_that_takes_a_while_is_waited_for(off: SimulatedCloud) -> None:
    off.project.latency = 0.2
    switch_on(off)
    assert sum("/operations/" in each.path for each in off.requests) > 1


def test_a_service_that_has_not_heard_of_it_yet_is_waited_for(off: SimulatedCloud) -> None:
    unheard = "Compute Engine API has not been used in project 1 before or it is disabled."
    off.faults.plan(Fault(status=403, message=unheard), path="/compute/", times=2)
    assert switch_on(off) == ["waiting for compute.googleapis.com"] * 2


def test_another_refusal_is_an_answer(off: SimulatedCloud) -> None:
    off.deny(OWNER, "compute.zones.get")
    assert switch_on(off) == []


def test_who_may_not_is_told_the_command_and_the_role(off: SimulatedCloud) -> None:
    off.deny(OWNER, "serviceusage.services.enable")
    with pytest.raises(ProjectUnfit) as caught:
        switch_on(off)
    assert all(each in caught.value.message for each in OFF)
    assert f"`gcloud services enable {' '.join(OFF)} --project=rehearsal`" in caught.value.hint
    assert "roles/serviceusage.serviceUsageAdmin" in caught.value.hint


def test_what_never_comes_on_is_told(off: SimulatedCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PATIENCE", 0.05)
    off.project.latency = 3600
    with pytest.raises(CloudFailed, match="are not on after"):
        switch_on(off)
