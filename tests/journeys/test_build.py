"""The environment alone: made, shown as a Dockerfile, or made by a Dockerfile of the user's own."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.agent.wheels import wheel
from tests.bed.registry import PASSWORD, USER
from tests.journeys.test_silent_host import spec_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.bed.registry import Registry
    from tests.docker_engine import DockerEngine
    from tests.journeys.user import User

READS = "print(open('/greeting').read(), end='')\n"
DOCKERFILE = "FROM {base}\nCOPY tools/greet.sh /usr/bin/greet\nRUN greet > /greeting\n"
GREET = "#!/bin/sh\necho {word}\n"


@pytest.fixture
def owner(user: User, docker_engine: DockerEngine) -> User:
    """A user whose Docker engine answers."""
    user.environment.update({key: docker_engine.environment[key] for key in ("DOCKER_HOST", "DOCKER_CONFIG")})
    return user


def with_dockerfile(user: User, base: str, spec: str = "") -> Path:
    folder = user.folder(main=READS, cynthus_yaml=spec, Dockerfile=DOCKERFILE.format(base=base))
    greet(folder, "hello")
    return folder


def greet(folder: Path, word: str) -> None:
    (folder / "tools").mkdir(exist_ok=True)
    (folder / "tools/greet.sh").write_text(GREET.format(word=word))
    (folder / "tools/greet.sh").chmod(0o755)


@pytest.mark.engine
def test_a_dockerfile_of_ones_own_makes_the_environment(owner: User, docker_engine: DockerEngine) -> None:
    up = owner.cynthus("up", with_dockerfile(owner, docker_engine.base), "-y")
    assert (up.code, up.out, "your own Dockerfile" in up.err) == (0, "hello\n", True), up


@pytest.mark.engine
def test_a_changed_file_of_the_image_is_a_change(owner: User, docker_engine: DockerEngine) -> None:
    app = with_dockerfile(owner, docker_engine.base)
    owner.cynthus("up", app, "-y")
    greet(app, "bye")
    assert owner.cynthus("up", app, "-y").out == "bye\n"


@pytest.mark.engine
def test_build_makes_the_image_that_up_then_uses(owner: User, docker_engine: DockerEngine) -> None:
    app = with_dockerfile(owner, docker_engine.base)
    built = owner.cynthus("build", app, "-y")
    up = owner.cynthus("up", app, "-y")
    assert (built.code, up.code, "environment" in up.err.split("Configure and deploy")[1]) == (0, 0, False), up
    assert docker_engine.lines("image", "ls", "--quiet", built.out.strip()), built


@pytest.mark.engine
def test_what_build_made_goes_with_down(owner: User, docker_engine: DockerEngine) -> None:
    app = with_dockerfile(owner, docker_engine.base)
    image = owner.cynthus("build", app, "-y").out.strip()
    owner.cynthus("down", app, "-y")
    assert docker_engine.lines("image", "ls", "--quiet", image) == []


def test_without_an_engine_a_dockerfile_is_said_not_to_be_used(user: User) -> None:
    folder = user.folder(main="print('ran')\n", Dockerfile="FROM scratch\n")
    up = user.cynthus("up", folder, "-y")
    assert (up.code, up.out) == (0, "ran\n"), up
    assert "Dockerfile is not used: main.py runs in a virtual environment" in up.err


def test_a_dockerfile_that_is_not_there_is_told_at_its_place(user: User) -> None:
    folder = user.folder(cynthus_yaml="image: {dockerfile: no/such}\n")
    refused = user.cynthus("up", folder, "-y")
    assert (refused.code, "CYN-148" in refused.err, "cynthus.yaml:1:" in refused.err) == (2, True, True), refused


def test_build_makes_a_virtual_environment_where_the_app_runs_in_one(user: User) -> None:
    folder = user.folder(cynthus_yaml="runtime: venv\n")
    built = user.cynthus("build", folder, "-y")
    assert (built.code, built.out.strip().endswith("/bin/python")) == (0, True), built
    assert user.status(folder)["run"] is None


def test_the_dockerfile_is_shown_and_nothing_is_touched(user: User) -> None:
    folder = user.folder(cynthus_yaml="image: {python: '3.12'}\n", requirements_txt="numpy\n")
    user.environment["PIP_FIND_LINKS"] = ""
    before = sorted(folder.rglob("*"))
    shown = user.cynthus("build", folder, "--print")
    assert (shown.code, "FROM python:3.12-slim\n" in shown.out, sorted(folder.rglob("*"))) == (0, True, before), shown


def test_where_nothing_is_installed_the_base_is_shown(user: User) -> None:
    folder = user.folder(cynthus_yaml="image: {base: 'mine:1'}\n")
    assert user.cynthus("build", folder, "--print").out.endswith("\nFROM mine:1\n")


def test_what_no_dockerfile_can_show_is_said(user: User, tmp_path: Path) -> None:
    wheel(tmp_path / "links", "tiny")
    user.environment["PIP_FIND_LINKS"] = str(tmp_path / "links")
    refused = user.cynthus("build", user.folder(requirements_txt="tiny\n"), "--print")
    assert (refused.code, "folder of packages" in refused.err) == (2, True), refused


@pytest.fixture(scope="module")
def machine(bed: Bed, base_tar: Path) -> Iterator[Host]:
    """A host with Docker."""
    made = bed.host(docker=True)
    made.import_image(base_tar, "base:1")
    yield made
    bed.remove(made)


@pytest.mark.hosts
def test_a_host_far_away_builds_ones_own_dockerfile(user: User, machine: Host) -> None:
    spec = json.dumps({**json.loads(spec_for(machine)), "runtime": "container"})
    app = with_dockerfile(user, "base:1", spec)
    up = user.cynthus("up", app, "-y", timeout=180)
    assert (up.code, up.out) == (0, "hello\n"), up
    (app / "main.py").write_text(READS + "print('changed')\n")
    before = machine.text("docker", "image", "ls", "--quiet")
    again = user.cynthus("up", app, "-y", timeout=180)
    assert (again.out, machine.text("docker", "image", "ls", "--quiet")) == ("hello\nchanged\n", before), again
    assert user.cynthus("down", app, "-y").code == 0


@pytest.mark.hosts
def test_the_users_login_to_a_registry_reaches_a_host_far_away(
    user: User, machine: Host, image_registry: Registry
) -> None:
    address = image_registry.show_to(machine)
    user.environment["DOCKER_CONFIG"] = str(user.place)
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (user.place / "config.json").write_text(json.dumps({"auths": {address: {"auth": auth}}}))
    spec = {**json.loads(spec_for(machine)), "runtime": "container", "image": {"registry": f"{address}/lab"}}
    app = with_dockerfile(user, "base:1", json.dumps(spec))
    built = user.cynthus("build", app, "-y", "--json", timeout=180)
    assert (built.code, built.document["registry"]["state"]) == (0, "pushed"), built
    # A login of its own the host has none.
    assert machine.run("docker", "pull", str(built.document["registry"]["name"])).returncode
    assert machine.run("sudo", "grep", "-rlsF", "-e", auth, "/home", "/opt", "/root", "/dev/shm").stdout == b""
    assert user.cynthus("down", app, "-y").code == 0
