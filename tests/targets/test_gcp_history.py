"""What Google remembers of a machine that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.targets.gcp.history import history
from cynthus.targets.gcp.target import GcpTarget
from cynthus.testing.gcp import Fault, OperationFault, SimulatedCloud
from tests.gcp.api import L4, SPOT, lasting
from tests.targets.gcp_cloud import NAME, api, end, machine
from tests.targets.places import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.deployment import Host


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[SimulatedCloud]:
    simulated = SimulatedCloud(tmp_path / "cloud")
    with simulated.serving():
        yield simulated


def why_gone(cloud: SimulatedCloud, host: Host) -> str:
    found = history(api(cloud), host.connection).end
    return found.why if found else "stands"


def test_a_machine_that_stands_has_no_end(cloud: SimulatedCloud) -> None:
    assert why_gone(cloud, machine(cloud)) == "stands"


@pytest.mark.parametrize("action", ["DELETE", "STOP"])
def test_one_that_the_cloud_took_back_was_preempted(cloud: SimulatedCloud, action: str) -> None:
    host = machine(cloud, kind="g2-standard-4", scheduling={**SPOT, "instanceTerminationAction": action})
    cloud.preempt(NAME)
    cloud.advance(31)
    assert why_gone(cloud, host) == "preempted"


@pytest.mark.parametrize("action", ["DELETE", "STOP"])
def test_one_whose_time_was_up_has_expired(cloud: SimulatedCloud, action: str) -> None:
    host = machine(cloud, scheduling=lasting(3600, action))
    cloud.advance(3601)
    assert why_gone(cloud, host) == "expired"


@pytest.mark.parametrize("verb", ["delete", "stop"])
def test_one_that_somebody_removed_was_deleted(cloud: SimulatedCloud, verb: str) -> None:
    host = machine(cloud)
    end(cloud, verb)
    assert why_gone(cloud, host) == "deleted"


def test_one_that_was_taken_back_and_then_deleted_was_preempted(cloud: SimulatedCloud) -> None:
    host = machine(cloud, kind="g2-standard-4", scheduling={**SPOT, "instanceTerminationAction": "STOP"})
    cloud.preempt(NAME)
    cloud.advance(31)
    end(cloud, "delete")
    assert why_gone(cloud, host) == "preempted"


def test_one_that_was_started_again_has_no_end_yet(cloud: SimulatedCloud) -> None:
    host = machine(cloud)
    end(cloud, "stop")
    end(cloud, "start")
    assert why_gone(cloud, host) == "stands"


def test_another_machine_of_the_name_has_a_history_of_its_own(cloud: SimulatedCloud) -> None:
    first = machine(cloud, **L4)
    cloud.preempt(NAME)
    cloud.advance(31)
    second = machine(cloud)
    end(cloud, "delete")
    assert [why_gone(cloud, each) for each in (first, second)] == ["preempted", "deleted"]


def test_a_deletion_that_failed_is_no_end(cloud: SimulatedCloud) -> None:
    host = machine(cloud)
    cloud.faults.plan(OperationFault(code="INTERNAL_ERROR"), method="DELETE", path="/instances/")
    end(cloud, "delete")
    assert why_gone(cloud, host) == "stands"


@pytest.fixture
def told(cloud: SimulatedCloud, tmp_path: Path) -> GcpTarget:
    return GcpTarget(settings_of(tmp_path, **cloud.environment()))


def test_the_target_says_why_a_machine_is_gone(cloud: SimulatedCloud, told: GcpTarget) -> None:
    host = machine(cloud, **L4)
    cloud.preempt(NAME)
    cloud.advance(31)
    assert told.why_gone(host) == "preempted"


@pytest.mark.parametrize("fault", [Fault(status=403), Fault(status=503), Fault(cut=0)])
def test_where_nobody_can_tell_there_is_no_reason(cloud: SimulatedCloud, told: GcpTarget, fault: Fault) -> None:
    host = machine(cloud)
    end(cloud, "delete")
    cloud.faults.plan(fault, path="/operations", times=9)
    assert told.why_gone(host) == ""


@pytest.mark.parametrize("field", ["project", "zone", "instance_id"])
def test_of_a_machine_of_which_too_little_is_known_there_is_no_reason(
    cloud: SimulatedCloud, told: GcpTarget, field: str
) -> None:
    host = machine(cloud)
    end(cloud, "delete")
    assert told.why_gone(replace(host, connection=replace(host.connection, **{field: None}))) == ""
