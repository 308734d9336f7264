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


def test_what_up_installed_goes_with_purge_and_what_was_there_stays(
    user: User, bare_host: Host, base_tar: Path
) -> None:
    user.environment["CYNTHUS_SUDO_PASSWORD"] = PASSWORD
    app, before = folder(user, bare_host, "locked"), installed(bare_host)
    # The host reaches no registry: its base comes once there is a Docker.
    first = user.cynthus("up", app, "-y")
    assert (first.code, "base:1" in first.err) == (1, True), first
    bare_host.import_image(base_tar, "base:1")
    up = user.cynthus("up", app, "-y")
    assert (up.code, up.out) == (0, "counting\n3 words\n"), up

    # No registry has it.
    bare_host.text("docker", "image", "rm", "base:1")
    asked = user.cynthus("down", app, "--purge")
    assert (asked.code, "CYN-138" in asked.err, "docker.io" in asked.err) == (2, True, True), asked
    assert bare_host.text("docker", "version")

    down = user.cynthus("down", app, "--purge", "-y")
    assert down.code == 0, down
    assert "  - host-0: " in down.err
    assert (installed(bare_host), bare_host.run("sh", "-c", "command -v docker").returncode) == (before, 127)
    # /var/lib/docker itself was there: hosts of the bed have a disk of their own for it.
    assert bare_host.run("ls", "-A", "/var/lib/docker").stdout == b""
    assert [path for path in ("/var/lib/cynthus", "/etc/docker") if bare_host.path(path).exists()] == []
    again = user.cynthus("down", app, "--purge", "-y")
    assert (again.code, "has no hosts now" in again.err) == (0, True), again


def test_what_others_run_keeps_docker_and_the_app(user: User, bare_host: Host, base_tar: Path) -> None:
    app = folder(user, bare_host)
    user.cynthus("prepare", app, "-y")
    bare_host.import_image(base_tar, "base:1")
    assert user.cynthus("up", app, "-y").code == 0
    bare_host.text("docker", "create", "--name", "web", "base:1", "true")
    answer = user.cynthus("down", app, "--purge", "-y")
    assert (answer.code, "CYN-435" in answer.err, "web" in answer.err) == (1, True, True), answer
    assert user.status(app)["phase"] == "up"
    assert user.cynthus("down", app, "-y").code == 0
    assert bare_host.text("docker", "version")


def test_on_this_machine_there_is_nothing_to_purge(user: User) -> None:
    app = user.folder()
    assert user.cynthus("up", app, "-y").code == 0
    answer = user.cynthus("down", app, "--purge", "-y")
    assert (answer.code, "leave --purge out" in answer.err) == (2, True), answer
    assert len(user.on_host()) == 1
