"""A provider that really makes and removes things: what Terraform says, and what becomes of them on a signal.

Each start of the provider takes seconds, so that every test here is one life of a root with few commands.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from cynthus.core.plan import Change
from cynthus.errors import TerraformLocked, TerraformTimeout
from cynthus.terraform.adapter import Timing
from cynthus.terraform.execution import Patience
from tests.terraform.cloud import Cloud, cloud, simulation
from tests.terraform.driver import drive, result
from tests.terraform.roots import cli, locked, planned, state, wait_for

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from cynthus.terraform.binary import Binary

__all__ = ["cloud", "simulation"]  # fixtures

pytestmark = pytest.mark.cloud

GROUP = {"name": "of-a-test", "description": "first"}
INSTANCE = {
    "ami": "ami-12c6146b",
    "instance_type": "t3.micro",
    "vpc_security_group_ids": ["${aws_security_group.door.id}"],
}
"""The provider waits ten seconds for it to run."""
WAITS = {"depends_on": ["aws_security_group.door"], "provisioner": {"local-exec": {"command": "exec sleep 600"}}}


def recorded(folder: Path) -> set[str]:
    """The ids in the state of what the provider makes."""
    made = {address: each for address, each in state(folder).items() if address.startswith("aws_")}
    return {each["attributes"]["id"] for each in made.values()}


def _machine(cloud: Cloud, folder: Path) -> Path:
    named = {**GROUP, "name": folder.name}
    return cloud.root(folder, {"aws_security_group": {"door": named}, "aws_instance": {"gpu": INSTANCE}})


def _making_an_instance(cloud: Cloud, folder: Path, binary: Binary) -> subprocess.Popen[bytes]:
    """A driver in the middle of an apply: the group stands, and the instance is there but not yet reported.

    That the driver is told of it then, and not at the end, shows that events stream.
    """
    planned(_machine(cloud, folder), binary)
    driver = drive(folder, binary)
    wait_for(lambda: len(cloud.stands(folder)) == 2, "the instance")
    wait_for(lambda: "creating aws_instance.gpu" in (folder / "activity").read_text(), "word of it")
    assert driver.poll() is None, "Terraform is still at work"
    return driver


def test_what_is_made_can_be_replaced_for_a_reason_and_removed(
    tmp_path: Path, cloud: Cloud, any_binary: Binary
) -> None:
    folder = tmp_path / "life"
    resources = {"aws_security_group": {"door": GROUP}, "aws_s3_bucket": {"outputs": {"bucket": "life"}}}
    terraform = cli(cloud.root(folder, resources), any_binary)
    terraform.apply(planned(folder, any_binary))
    made = cloud.stands(folder)
    cloud.root(folder, {**resources, "aws_security_group": {"door": {**GROUP, "description": "second"}}})
    replaced = terraform.plan(folder / "saved.tfplan").changes
    terraform.plan(folder / "saved.tfplan", destroy=True)
    terraform.apply(folder / "saved.tfplan")
    assert len(made) == 2
    assert replaced == (Change("aws_security_group.door", "replace", "cannot_update"),)
    assert (cloud.stands(folder), state(folder)) == (set(), {})


def test_an_interrupt_in_the_middle_of_an_apply_loses_nothing(tmp_path: Path, cloud: Cloud, any_binary: Binary) -> None:
    folder = tmp_path / "interrupt"
    driver = _making_an_instance(cloud, folder, any_binary)
    driver.send_signal(signal.SIGINT)
    assert result(folder, driver)["error"] == "Interrupted"
    assert recorded(folder) == cloud.stands(folder) != set()
    assert not locked(folder)


@pytest.mark.slow  # the provider's own waits; test_signals.py has the same without a provider
def test_a_timeout_in_the_middle_of_an_apply_loses_nothing(tmp_path: Path, cloud: Cloud, any_binary: Binary) -> None:
    folder = tmp_path / "timeout"
    cloud.root(folder, {"aws_security_group": {"door": GROUP}, "terraform_data": {"waits": WAITS}})
    begin = time.monotonic()
    plan = planned(folder, any_binary)
    # The apply starts the provider as the plan did; however busy this machine is, it then has time for the group.
    timing = Timing(Patience(timeout=5 + 2 * (time.monotonic() - begin)))
    with pytest.raises(TerraformTimeout, match="saved its state"):
        cli(folder, any_binary, timing=timing).apply(plan)
    assert recorded(folder) == cloud.stands(folder) != set()
    assert not locked(folder)


@pytest.mark.slow  # as above; test_lock.py has the waiting for the lock
def test_what_a_killed_driver_began_is_finished_and_the_next_plan_waits_for_it(
    tmp_path: Path, cloud: Cloud, any_binary: Binary
) -> None:
    folder = tmp_path / "kill"
    driver = _making_an_instance(cloud, folder, any_binary)
    driver.kill()
    driver.wait()
    with pytest.raises(TerraformLocked):
        cli(folder, any_binary, timing=Timing(lock_timeout=0)).plan(folder / "early.tfplan")
    told: list[str] = []
    plan = cli(folder, any_binary, activity=told.append).plan(folder / "next.tfplan")
    assert "waiting for the lock of the state" in told
    assert plan.empty
    assert recorded(folder) == cloud.stands(folder) != set()
