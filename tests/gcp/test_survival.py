"""A simulated cloud that is killed goes on where it was."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, start
from cynthus.testing.gcp import SimulatedCloud
from tests.gcp.api import ZONE, Api, P, furnish, lasting, machine
from tests.terraform.roots import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSTANCES = f"{ZONE}/instances"


@contextmanager
def simulation(folder: Path, *more: str) -> Iterator[Api]:
    """A cloud in a process of its own, which is killed at the end."""
    command = (sys.executable, "-m", "cynthus.testing.gcp", "--state", str(folder / "cloud"), *more)
    with open(folder / "said", "wb") as out:
        process = start(Command(command), stdout=out, stderr=out)
    try:
        wait_for(lambda: "# ready" in said(folder) or process.poll() is not None, "the simulation")
        assert process.poll() is None, said(folder)
        api = Api(environment(folder)["CYNTHUS_GOOGLE_API"])
        yield api
        api.close()
    finally:
        process.kill()
        process.wait()


def said(folder: Path) -> str:
    return (folder / "said").read_text()


def environment(folder: Path) -> dict[str, str]:
    lines = (line.removeprefix("export ") for line in said(folder).splitlines() if line.startswith("export "))
    return dict(line.split("=", 1) for line in lines)


def test_all_is_there_after_a_kill(tmp_path: Path) -> None:
    with simulation(tmp_path) as api:
        furnish(api)
        api.done(api.post("compute", INSTANCES, machine()))
        before = api.get("compute", f"{INSTANCES}/demo-host-0").body
        policy = {"bindings": [{"role": "roles/compute.viewer", "members": ["user:anna@example.com"]}]}
        api.post("resourcemanager", f"{P}:setIamPolicy", {"policy": policy})
    with simulation(tmp_path) as api:
        assert api.get("compute", f"{INSTANCES}/demo-host-0").body == before
        assert api.post("resourcemanager", f"{P}:getIamPolicy", {})["bindings"] == policy["bindings"]


def test_an_operation_ends_after_a_kill(tmp_path: Path) -> None:
    with simulation(tmp_path, "--latency", "1") as api:
        furnish(api)
        begun = api.post("compute", INSTANCES, machine())
        assert api.get("compute", f"{INSTANCES}/demo-host-0")["status"] == "PROVISIONING"
    with simulation(tmp_path) as api:
        assert api.done(begun)["status"] == "DONE"
        assert api.get("compute", f"{INSTANCES}/demo-host-0")["status"] == "RUNNING"


def test_whatever_is_killed_after_whichever_change_is_whole(tmp_path: Path) -> None:
    """The state is cut off after each of its changes: none of them leaves a part of something."""
    cloud = SimulatedCloud(tmp_path / "whole")
    with cloud.serving() as endpoint:
        api = Api(endpoint)
        furnish(api)
        api.done(api.post("compute", INSTANCES, machine(scheduling=lasting(60))))
        api.done(api.delete("compute", f"{INSTANCES}/demo-host-0"))
        api.close()
    lines = (tmp_path / "whole").read_bytes().splitlines(keepends=True)
    for number in range(1, len(lines) + 1):
        path = tmp_path / f"cut-{number}"
        path.write_bytes(b"".join(lines[:number]))
        again = SimulatedCloud(path)
        # It boots, it begins to run, and its time is up.
        for _ in range(3):
            again.advance(120)
        resources = again.resources()
        assert resources.keys() & {"instances", "disks"} == set(), f"after change {number}"
        again.world.close()


@pytest.mark.parametrize("name", ["GOOGLE_COMPUTE_CUSTOM_ENDPOINT", "STORAGE_EMULATOR_HOST", "GOOGLE_PROJECT"])
def test_the_program_says_what_a_shell_needs(tmp_path: Path, name: str) -> None:
    with simulation(tmp_path):
        assert name in environment(tmp_path)


def test_nobody_else_is_answered_unless_told(tmp_path: Path) -> None:
    with simulation(tmp_path):
        assert environment(tmp_path)["CYNTHUS_GOOGLE_API"].startswith("http://127.0.0.1:")
