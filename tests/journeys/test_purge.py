"""A bare machine of somebody's: `up` installs Docker there, `down --purge` takes it away again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.bed.host import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.host import Host
    from tests.journeys.user import User

pytestmark = pytest.mark.hosts


def folder(user: User, machine: Host, who: str = "tester") -> Path:
    ssh = {"hosts": [machine.address], "user": who, "port": machine.port, "key": str(machine.key)}
    spec = {"target": "ssh", "ssh": ssh, "runtime": "container", "image": {"base": "base:1"}}
    return user.folder(cynthus_yaml=json.dumps(spec))


def installed(machine: Host) -> set[str]:
    return set(machine.text("dpkg-query", "-W", "-f=${Package}\\n").split())


@pytest.fixture(scope="module")
def before(machine: Host) -> set[str]:
    """The packages of the bare machine."""
    return installed(machine)


@pytest.fixture(scope="module")
def app(visitor: User, machine: Host, base_tar: Path, before: set[str]) -> Path:
    """An app for which `up` had to install Docker there."""
    assert "docker.io" not in before
    visitor.environment["CYNTHUS_SUDO_PASSWORD"] = PASSWORD
    made = folder(visitor, machine, "locked")
    # The machine reaches no registry: its base comes once there is a Docker.
    first = visitor.cynthus("up", made, "-y", timeout=240)
    assert (first.code, "base:1" in first.err) == (1, True), first
    machine.import_image(base_tar, "base:1")
    up = visitor.cynthus("up", made, "-y")
    assert (up.code, up.out) == (0, "counting\n3 words\n"), up
    return made


def test_what_others_run_keeps_docker_and_the_app(visitor: User, machine: Host, app: Path) -> None:
    machine.text("docker", "create", "--name", "web", "base:1", "true")
    answer = visitor.cynthus("down", app, "--purge", "-y")
    assert (answer.code, "CYN-435" in answer.err, "web" in answer.err) == (1, True, True), answer
    assert visitor.status(app)["phase"] == "up"
    assert machine.text("docker", "version")
    machine.text("docker", "rm", "web")


def test_what_would_go_is_asked_first(visitor: User, machine: Host, app: Path) -> None:
    # No registry has it, which would keep Docker.
    machine.text("docker", "image", "rm", "base:1")
    asked = visitor.cynthus("down", app, "--purge")
    assert (asked.code, "CYN-138" in asked.err, "docker.io" in asked.err) == (2, True, True), asked
    assert machine.text("docker", "version")


@pytest.fixture(scope="module")
def purged(visitor: User, app: Path) -> Path:
    """From here on the tests come after all others of it."""
    down = visitor.cynthus("down", app, "--purge", "-y")
    assert down.code == 0, down
    assert "  - host-0: " in down.err
    return app


def test_what_up_installed_goes_with_purge_and_what_was_there_stays(
    purged: Path, machine: Host, before: set[str]
) -> None:
    assert (installed(machine), machine.run("sh", "-c", "command -v docker").returncode) == (before, 127)
    # /var/lib/docker itself was there: hosts of the bed have a disk of their own for it.
    assert machine.run("ls", "-A", "/var/lib/docker").stdout == b""
    assert [path for path in ("/var/lib/cynthus", "/etc/docker") if machine.path(path).exists()] == []


def test_a_second_time_there_is_nothing_to_purge(visitor: User, purged: Path) -> None:
    again = visitor.cynthus("down", purged, "--purge", "-y")
    assert (again.code, "has no hosts now" in again.err) == (0, True), again


def test_on_this_machine_there_is_nothing_to_purge(user: User) -> None:
    app = user.folder()
    assert user.cynthus("up", app, "-y").code == 0
    answer = user.cynthus("down", app, "--purge", "-y")
    assert (answer.code, "leave --purge out" in answer.err) == (2, True), answer
    assert len(user.on_host()) == 1
