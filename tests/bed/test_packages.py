"""Docker on a host: what a bare one can install, and what comes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.fixtures import MakeHosts
    from tests.bed.host import Host

pytestmark = pytest.mark.hosts

HELLO = ("python3", "-c", "print('from a container')")


def test_docker_can_be_installed_and_runs_a_container(bare_host: Host, base_tar: Path) -> None:
    bare_host.text("apt-get", "-qq", "update")
    bare_host.text("apt-get", "-qq", "-y", "install", "docker.io")
    bare_host.import_image(base_tar, "base:1")
    assert bare_host.text("docker", "run", "--rm", "base:1", *HELLO) == "from a container\n"


def test_a_host_can_have_docker_from_the_start(docker_host: Host) -> None:
    assert docker_host.text("docker", "info", "--format", "{{.Driver}}") == "overlay2\n"


def test_containers_reach_other_hosts(docker_host: Host, base_tar: Path, make_hosts: MakeHosts) -> None:
    other = make_hosts()[0]
    docker_host.import_image(base_tar, "base:1")
    knock = f"import socket; print(socket.create_connection(('{other.internal_address}', 22)).recv(4).decode())"
    assert docker_host.text("docker", "run", "--rm", "base:1", "python3", "-c", knock) == "SSH-\n"
