"""A bare Debian 13: one command gives it Docker and runs the app there, and `down --purge` gives the host back."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.ansible.readying import changed, configure
from tests.ansible.test_ledger import files, packages
from tests.bed import registry
from tests.bed.fixtures import bed_of
from tests.bed.host import PASSWORD
from tests.bed.keys import new_key
from tests.bed.suite import docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.journeys.user import Ended, User

pytestmark = pytest.mark.hosts

SUITE = "trixie"
WHO = "locked"
"""sudo asks for a password."""


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    with bed_of(SUITE) as made:
        yield made


@pytest.fixture(scope="module")
def base(bed: Bed, base_tar: Path) -> Iterator[str]:
    """An image in a registry, by the name that hosts know."""
    with registry.Registry(bed) as started:
        yield started.put("base:1", base_tar)


@pytest.fixture(scope="module")
def machine(bed: Bed, base: str) -> Iterator[Host]:
    """A bare host whose user has what Docker needs for the registry."""
    made = bed.host()
    login = base64.b64encode(f"{registry.USER}:{registry.PASSWORD}".encode()).decode()
    settings = json.dumps({"auths": {base.partition("/")[0]: {"auth": login}}})
    made.text(
        "runuser", "-u", WHO, "--", "sh", "-c", "mkdir ~/.docker; cat >~/.docker/config.json", stdin=settings.encode()
    )
    yield made
    bed.remove(made)


@pytest.fixture(scope="module")
def bare(machine: Host) -> tuple[set[str], set[str]]:
    """What is on the host before anything of ours is."""
    return packages(machine), files(machine)


def spec(machine: Host, user: str, **more: object) -> str:
    ssh = {"hosts": [machine.address], "user": user, "port": machine.port, "key": str(machine.key)}
    return json.dumps({"target": "ssh", "ssh": ssh, **more})


@pytest.fixture(scope="module")
def folder(visitor: User, machine: Host, base: str) -> Path:
    visitor.environment["CYNTHUS_SUDO_PASSWORD"] = PASSWORD
    return visitor.folder(cynthus_yaml=spec(machine, WHO, runtime="container", image={"base": base}))


@pytest.fixture(scope="module")
def up(visitor: User, folder: Path, bare: tuple[set[str], set[str]]) -> Ended:
    assert bare
    return visitor.cynthus("up", folder, "-y")


@pytest.fixture(scope="module")
def down(visitor: User, folder: Path, up: Ended) -> Ended:
    """From here on the tests come after all others."""
    assert up.code == 0, up
    return visitor.cynthus("down", folder, "--purge", "-y")


def test_one_command_takes_the_app_there(up: Ended, folder: Path) -> None:
    assert (up.code, up.out) == (0, "counting\n3 words\n"), up
    assert (folder / "outputs/latest/count.txt").read_text() == "3"


def test_docker_is_the_distributions(up: Ended, machine: Host) -> None:
    asked = {f"installed {name}" for name in docker(SUITE)}
    assert asked - packages(machine) == set(), up
    assert machine.ssh("docker version --format '{{.Server.Version}}'", user=WHO).stdout.startswith(b"26.1."), up


def test_a_second_time_nothing_is_changed(up: Ended, machine: Host, tmp_path: Path) -> None:
    assert up.code == 0, up
    assert changed(configure(tmp_path, machine, user=WHO)) == []


def test_the_deployment_has_a_unit_of_its_user(up: Ended, visitor: User, folder: Path, machine: Host) -> None:
    name = f"cynthus-{visitor.status(folder)['id']}.service"
    asked = f"XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user is-enabled {name}"
    assert machine.ssh(asked, user=WHO).stdout == b"enabled\n", up


def test_the_agent_is_compiled_once_for_the_python_there(up: Ended, machine: Host) -> None:
    kept = machine.text("ls", f"/home/{WHO}/.cache/cynthus/bytecode")
    assert [line.partition("-")[2][:11] for line in kept.split()] == ["cpython-313"], up


def test_purge_gives_the_host_back(down: Ended, machine: Host, bare: tuple[set[str], set[str]]) -> None:
    assert down.code == 0, down
    assert machine.text("ls", "/var/lib/systemd/linger") == ""
    assert (packages(machine) ^ bare[0], files(machine) ^ bare[1]) == (set(), set())


def test_a_host_that_hangs_up_since_logins_have_failed_is_told_as_such(
    user: User, bare_host: Host, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    new_key(stranger, "stranger")
    # OpenSSH 9.8 and later: each failed login costs the address five seconds, and from fifteen on nobody is let in.
    for _ in range(5):
        assert replace(bare_host, key=stranger).ssh("true").returncode
    answer = user.cynthus("up", user.folder(cynthus_yaml=spec(bare_host, "tester", runtime="venv")), "-y")
    assert (answer.code, "hangs up before it has said a word" in answer.err) == (1, True), answer
    assert "wait a minute and try again" in answer.err
