"""What a survey of a host says of the host itself and of Docker, and what it would change for it."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.ansible.standins import (
    BOOKWORM,
    DOCKER,
    NOBLE,
    ROLES,
    SURVEY,
    StandIn,
    docker_wish,
    kinds,
    nvidia_wish,
    problems,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def host(tmp_path: Path) -> StandIn:
    """A bare Debian, from which no repository can be reached."""
    made = StandIn(tmp_path)
    made.file("etc/os-release", BOOKWORM)
    made.packages()
    return made


def release(host: StandIn, system: str, codename: str) -> None:
    host.file("etc/os-release", f"ID={system}\nVERSION_CODENAME={codename}\nPRETTY_NAME='{system} {codename}'\n")


def reachable(host: StandIn) -> None:
    """Note every address that is asked for, and answer."""
    host.script("apt-helper", f'echo "$*" >>{host.folder}/asked\n')


def test_without_a_wish_a_host_is_only_looked_at(host: StandIn) -> None:
    found = host.survey()
    assert (found["changes"], found["problems"], "plan" in found["docker"]) == ([], [], False)


def test_the_system_is_told_as_it_calls_itself(host: StandIn) -> None:
    assert host.survey()["host"]["system"] == {
        "id": "debian", "like": [], "version": "12", "codename": "bookworm", "name": "Debian 12"
    }  # fmt: skip


def test_a_host_that_says_nothing_of_itself_can_be_looked_at(tmp_path: Path) -> None:
    assert StandIn(tmp_path).survey()["host"]["system"]["id"] == ""


def test_a_first_boot_is_waited_for_before_anything_is_looked_at(host: StandIn) -> None:
    # As cloud-init would, it installs Docker before it is done.
    engine = host.folder / "engine"
    host.engine()
    (host.programs / "docker").rename(engine)
    host.script(
        "cloud-init",
        f'case "$*" in *--wait) /bin/ln -s {engine} {host.programs}/docker;; *) echo "status: done";; esac\n',
    )
    found = host.survey(wait=30)
    assert (found["host"]["cloud_init"], found["docker"]["answers"]) == ("done", True)


def test_a_first_boot_is_not_waited_for_where_nobody_wants_to(host: StandIn) -> None:
    host.program("cloud-init", ("'status'", "status: running", 0), ("*", "", 0))
    assert host.survey()["host"]["cloud_init"] == "running"


@pytest.mark.parametrize("package", ["docker-ce", "docker.io", "another"])
def test_an_engine_that_works_is_left_as_it_is_whatever_it_is(host: StandIn, package: str) -> None:
    host.engine("20.10.24")
    host.script("dpkg-query", f"echo 'installed {package} 1'\n")
    found = host.docker()
    assert (found["changes"], found["docker"]["plan"]["daemon"]) == ([], None)


def test_an_engine_that_is_installed_and_silent_is_started_and_not_installed(host: StandIn) -> None:
    host.program("docker", ("*", "Cannot connect to the Docker daemon", 1))
    host.packages(docker__io="20.10.24")
    found = host.docker()
    assert (kinds(found), found["docker"]["plan"]["source"]) == (["restart"], "")


@pytest.mark.parametrize(
    ("system", "codename"), [(system, name) for system, names in DOCKER["docker_suites"].items() for name in names]
)
def test_a_bare_host_gets_docker_from_dockers_own_repository(host: StandIn, system: str, codename: str) -> None:
    release(host, system, codename)
    reachable(host)
    plan = host.docker()["docker"]["plan"]
    assert (plan["source"], plan["packages"][0], plan["repository"]) == (
        "docker",
        "docker-ce",
        {"url": f"https://download.docker.com/linux/{system}", "suite": codename, "there": ""},
    )


def test_the_repository_is_asked_for_the_release_of_the_host(host: StandIn) -> None:
    reachable(host)
    host.docker(repository="https://mirror.example/docker/")
    assert "https://mirror.example/docker/debian/dists/bookworm/Release" in (host.folder / "asked").read_text()


def test_where_that_repository_cannot_be_reached_the_distribution_has_docker_too(host: StandIn) -> None:
    found = host.docker()
    assert found["docker"]["plan"]["packages"] == ["docker.io"]
    assert "cannot be reached" in found["changes"][0]["why"]


def test_who_wants_the_distributions_docker_asks_nobody_else(host: StandIn) -> None:
    reachable(host)
    assert host.docker(source="distribution")["docker"]["plan"]["source"] == "distribution"
    assert not (host.folder / "asked").exists()


def test_who_wants_dockers_own_is_not_given_another(host: StandIn) -> None:
    assert host.docker(source="docker")["docker"]["plan"]["source"] == "docker"


def test_on_debian_13_the_command_is_a_package_of_its_own(host: StandIn) -> None:
    release(host, "debian", "trixie")
    assert "docker-cli" in host.docker()["docker"]["plan"]["packages"]


def test_a_release_that_dockers_repository_does_not_have_gets_the_distributions(host: StandIn) -> None:
    release(host, "ubuntu", "questing")
    reachable(host)
    assert host.docker()["docker"]["plan"]["source"] == "distribution"


def test_a_release_that_dockers_repository_does_not_have_cannot_get_it_from_there(host: StandIn) -> None:
    release(host, "ubuntu", "questing")
    found = host.docker(source="docker")
    assert found["changes"] == []
    assert problems(found) == "Docker has no packages for ubuntu questing that Cynthus knows of"


def test_what_is_made_from_ubuntu_is_treated_as_such(host: StandIn) -> None:
    host.file("etc/os-release", "ID=linuxmint\nID_LIKE='ubuntu debian'\nVERSION_CODENAME=wilma\n")
    assert host.docker()["docker"]["plan"]["source"] == "distribution"


def test_nothing_is_installed_on_another_system(host: StandIn) -> None:
    host.file("etc/os-release", "ID=fedora\nPRETTY_NAME='Fedora Linux 42'\n")
    found = host.docker()
    assert found["changes"] == []
    assert problems(found) == "there is no Docker Engine, and Cynthus cannot install one on Fedora Linux 42"


def test_an_engine_that_works_is_good_on_any_system(host: StandIn) -> None:
    host.file("etc/os-release", "ID=fedora\n")
    host.engine()
    assert host.docker()["problems"] == []


def test_the_version_that_would_be_installed_is_told(host: StandIn) -> None:
    host.script("apt-get", "echo 'Inst docker.io (20.10.24+dfsg1 Debian:12/stable [amd64])'\n")
    assert host.docker()["changes"][0]["what"] == "Docker Engine (docker.io 20.10.24+dfsg1)"


def test_a_package_that_would_go_has_to_be_allowed_to(host: StandIn) -> None:
    host.script("apt-get", "echo 'Remv podman-docker [4.3]'; echo 'Inst docker.io (20.10 Debian [amd64])'\n")
    found = host.docker()
    assert kinds(found)[:2] == ["install", "remove disrupt"]
    assert found["changes"][1]["what"] == "podman-docker"


def test_a_repository_that_is_named_already_is_not_named_twice(host: StandIn) -> None:
    reachable(host)
    host.file("etc/apt/sources.list.d/theirs.list", "deb https://download.docker.com/linux/debian bookworm stable\n")
    assert host.docker()["docker"]["plan"]["repository"]["there"].endswith("theirs.list")


def test_an_engine_that_is_just_starting_is_waited_for(host: StandIn) -> None:
    host.engine()
    answer = host.programs / "docker"
    ready = host.folder / "ready"
    text = answer.read_text().removeprefix("#!/bin/sh\n")
    host.script("docker", f"[ -e {ready} ] || {{ : >{ready}; exit 1; }}\n{text}")
    assert host.survey(patience=30)["docker"]["answers"]


def test_an_engine_that_does_not_answer_says_why(host: StandIn) -> None:
    host.script("docker", "echo 'permission denied while trying to connect' >&2; exit 1\n")
    assert host.survey()["docker"]["said"] == "permission denied while trying to connect"


def test_ubuntu_is_told_from_what_it_was_made_from(host: StandIn) -> None:
    host.file("etc/os-release", NOBLE)
    assert host.survey()["host"]["system"]["id"] == "ubuntu"


def test_the_program_fits_into_one_argument_however_often_it_is_quoted() -> None:
    modules = json.dumps({path.stem: path.read_text() for path in SURVEY.glob("*.py")})
    command = f"python3 -c x {shlex.quote(modules)} {shlex.quote(json.dumps([docker_wish(), nvidia_wish()]))}"
    for _ in range(3):  # by Ansible, by sudo and by ssh
        command = f"sh -c {shlex.quote(command)}"
    assert len(command.encode()) < 100_000  # Linux takes 131,072


def test_every_module_travels_after_those_that_it_imports() -> None:
    order = list(yaml.safe_load((ROLES / "survey/vars/main.yml").read_text())["survey_modules"])
    assert sorted(order) == sorted(path.stem for path in SURVEY.glob("*.py"))
    for path in SURVEY.glob("*.py"):
        needed = re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.MULTILINE)
        assert all(order.index(name) < order.index(path.stem) for name in needed if name in order), path.name
