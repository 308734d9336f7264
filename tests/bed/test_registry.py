"""The registry of a bed asks for its password, and gives out images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bed.registry import PASSWORD, USER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.host import Host
    from tests.bed.registry import Registry

pytestmark = pytest.mark.hosts


@pytest.fixture(scope="module")
def image(image_registry: Registry, base_tar: Path) -> str:
    """The name of an image in the registry, without its address."""
    return image_registry.put("base:1", base_tar).partition("/")[2]


def login(host: Host, registry: str, password: str) -> int:
    argv = ("docker", "login", "--username", USER, "--password-stdin", registry)
    return host.run(*argv, stdin=password.encode()).returncode


def test_a_host_pulls_with_the_password_and_not_without(
    docker_host: Host, image_registry: Registry, image: str
) -> None:
    address = image_registry.internal_address
    assert docker_host.run("docker", "pull", f"{address}/{image}").returncode
    assert login(docker_host, address, "wrong")
    assert login(docker_host, address, PASSWORD) == 0
    run = ("docker", "run", "--rm", f"{address}/{image}")
    assert docker_host.text(*run, "python3", "-c", "print('pulled')") == "pulled\n"


def test_one_name_of_an_image_fits_the_tests_and_the_hosts(
    docker_host: Host, image_registry: Registry, image: str
) -> None:
    address = image_registry.show_to(docker_host)
    assert address == image_registry.address
    assert login(docker_host, address, PASSWORD) == 0
    docker_host.text("docker", "pull", f"{address}/{image}")
