"""What can happen to a run in a container on a host far away: to its engine, its memory and its image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.bed.registry import PASSWORD, USER
from tests.journeys.test_silent_host import spec_for
from tests.journeys.user import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.bed.registry import Registry
    from tests.journeys.user import User

pytestmark = pytest.mark.hosts

COUNTS = """
import itertools, time
for number in itertools.count():
    print(number, flush=True)
    time.sleep(0.2)
"""
GREEDY = """
import os, time
while not os.path.exists("go"):
    time.sleep(0.05)
held = [bytes(1 << 20) + b"x" for _ in range(512)]
"""


@pytest.fixture(scope="module")
def machine(bed: Bed, base_tar: Path) -> Iterator[Host]:
    """A host with Docker, whose engine leaves containers alone when it restarts, as one that we installed does."""
    made = bed.host(docker=True)
    made.import_image(base_tar, "base:1")
    made.path("/etc/docker").mkdir(exist_ok=True)
    made.path("/etc/docker/daemon.json").write_text('{"live-restore": true}')
    made.text("systemctl", "reload", "docker")
    yield made
    bed.remove(made)


def spec(machine: Host, base: str = "base:1") -> str:
    return json.dumps({**json.loads(spec_for(machine)), "runtime": "container", "image": {"base": base}})


def container(machine: Host) -> str:
    return machine.text("docker", "ps", "-q").strip()


def test_a_run_goes_on_while_its_engine_restarts(machine: Host, user: User) -> None:
    folder = user.folder(main=COUNTS, cynthus_yaml=spec(machine))
    answer = user.cynthus("up", folder, "-y", "--detach", timeout=120)
    assert answer.code == 0, answer
    before = container(machine)
    machine.text("systemctl", "restart", "docker")
    last = user.cynthus("logs", folder).out.splitlines()[-1]
    wait_for(lambda: int(user.cynthus("logs", folder).out.splitlines()[-1]) > int(last))
    assert (user.status(folder)["run"]["state"], container(machine)) == ("RUNNING", before)
    assert user.cynthus("down", folder, "-y").code == 0


def test_a_container_that_is_killed_for_its_memory_is_said_to_be(machine: Host, user: User) -> None:
    folder = user.folder(main=GREEDY, cynthus_yaml=spec(machine))
    with user.typing("up", folder, "-y") as following:
        wait_for(lambda: container(machine), timeout=120)
        machine.text("docker", "update", "--memory", "64m", "--memory-swap", "64m", container(machine))
        machine.text("docker", "exec", container(machine), "touch", "go")
        ended = following.ended(timeout=120)
    assert (ended.code, "memory" in ended.err) == (3, True), ended
    assert user.cynthus("down", folder, "-y").code == 0


def test_a_reboot_is_not_held_up_by_a_run_whose_engine_has_stopped_before(machine: Host, user: User) -> None:
    folder = user.folder(main=COUNTS, cynthus_yaml=spec(machine))
    answer = user.cynthus("up", folder, "-y", "--detach", timeout=120)
    assert answer.code == 0, answer
    # In good order, which takes no more than half a minute here.
    machine.reboot()
    wait_for(lambda: user.status(folder)["run"]["state"] == "FAILED")
    assert user.status(folder)["run"]["reason"].startswith("the machine was"), user.status(folder)
    assert user.cynthus("down", folder, "-y").code == 0


def test_an_image_that_is_nowhere_is_told_before_anything_runs(machine: Host, user: User) -> None:
    folder = user.folder(main=COUNTS, cynthus_yaml=spec(machine, "none-such:1"))
    answer = user.cynthus("up", folder, "-y", timeout=120)
    assert (answer.code != 0, "none-such:1" in answer.err, container(machine)) == (True, True, ""), answer
    assert user.cynthus("down", folder, "-y").code == 0


@pytest.mark.parametrize(("password", "ends"), [("wrong", False), (PASSWORD, True)])
def test_an_image_behind_a_password_needs_the_right_one(
    machine: Host, user: User, image_registry: Registry, base_tar: Path, password: str, *, ends: bool
) -> None:
    base = image_registry.put("team/base:1", base_tar)
    login = ("docker", "login", "-u", USER, "--password-stdin", image_registry.internal_address)
    machine.ssh(*login, stdin=password.encode())
    folder = user.folder(main="print('here')\n", cynthus_yaml=spec(machine, base))
    answer = user.cynthus("up", folder, "-y", timeout=120)
    assert (answer.code == 0, "here" in answer.out) == (ends, ends), answer
    assert ends or "docker login" in answer.err, answer
    assert user.cynthus("down", folder, "-y").code == 0
