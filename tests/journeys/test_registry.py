"""An image in a registry, from the spec to the run: put there once, fetched by others, and no reason not to run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bed.registry import PASSWORD
from tests.image_registry import KEEPER
from tests.journeys.test_by_hand import PLAY, shell, terraform
from tests.journeys.test_secrets import files_with

if TYPE_CHECKING:
    from tests.docker_engine import DockerEngine
    from tests.image_registry import ImageRegistry
    from tests.journeys.user import Ended, User

pytestmark = pytest.mark.engine
READS = "print(open('/greeting').read(), end='')\n"


@pytest.fixture
def owner(user: User, docker_engine: DockerEngine) -> User:
    """A user whose Docker engine answers, and knows no login."""
    return at(user, docker_engine)


def at(user: User, engine: DockerEngine) -> User:
    user.environment |= {"DOCKER_HOST": engine.environment["DOCKER_HOST"], "DOCKER_CONFIG": str(user.place / "docker")}
    return user


def app(user: User, engine: DockerEngine, registry: ImageRegistry, name: str = "greeter") -> Path:
    """An app whose image is made in no time."""
    return user.folder(
        main=READS, greeting="hello\n", Dockerfile=f"FROM {engine.base}\nCOPY greeting /greeting\n",
        cynthus_yaml=f"name: {name}\nimage: {{registry: {registry.address}/lab}}\n",
    )


def new_name() -> str:
    return f"greeter-{os.urandom(4).hex()}"


def log_in(user: User, registry: ImageRegistry, password: str = PASSWORD) -> None:
    registry.log_in(user.place / "docker", password)


@pytest.fixture(scope="module")
def first(visitor: User, docker_engine: DockerEngine, registry: ImageRegistry) -> tuple[Ended, Path]:
    """The first `up` of an app."""
    at(visitor, docker_engine)
    log_in(visitor, registry)
    folder = app(visitor, docker_engine, registry)
    return visitor.cynthus("up", folder, "-y"), folder


def test_the_first_up_puts_the_image_there(first: tuple[Ended, Path], registry: ImageRegistry) -> None:
    ended, _ = first
    assert (ended.code, ended.out) == (0, "hello\n"), ended
    assert len(registry.tags("lab/greeter")) == 1


def test_a_changed_program_asks_nothing_of_the_registry(
    first: tuple[Ended, Path], visitor: User, registry: ImageRegistry
) -> None:
    before = len(registry.asked())
    (first[1] / "main.py").write_text(READS + "print('changed')\n")
    again = visitor.cynthus("up", first[1], "-y")
    assert (again.out, len(registry.asked())) == ("hello\nchanged\n", before), again


def test_another_users_machine_builds_nothing(
    first: tuple[Ended, Path], owner: User, docker_engine: DockerEngine, registry: ImageRegistry
) -> None:
    log_in(owner, registry)
    built = owner.cynthus("build", app(owner, docker_engine, registry), "-y", "--json")
    assert (built.code, built.document["registry"]["state"], registry.written("lab/greeter")) == (0, "pulled", 1), built
    assert "in the registry: localhost:" in built.err
    assert first[0].code == 0


def test_an_old_version_is_fetched_where_the_host_has_it_no_more(
    first: tuple[Ended, Path], visitor: User, docker_engine: DockerEngine, registry: ImageRegistry
) -> None:
    folder = first[1]
    (folder / "greeting").write_text("bye\n")
    assert visitor.cynthus("up", folder, "-y").out == "bye\nchanged\n"
    old = visitor.cynthus("versions", folder, "--json").document["versions"][-1]
    id_ = visitor.status(folder)["id"]
    docker_engine.docker("image", "rm", f"cynthus/{id_}:{old['environment']}")
    before = registry.written("lab/greeter")
    back = visitor.cynthus("up", folder, "-y", "--version", old["name"])
    assert (back.code, back.out, registry.written("lab/greeter")) == (0, "hello\n", before), back


def test_down_leaves_it_there(
    first: tuple[Ended, Path], visitor: User, docker_engine: DockerEngine, registry: ImageRegistry
) -> None:
    down = visitor.cynthus("down", first[1], "-y")
    assert (down.code, len(registry.tags("lab/greeter"))) == (0, 2), down
    assert docker_engine.lines("image", "ls", "--quiet", f"{registry.address}/lab/greeter") == []


@pytest.mark.slow  # the agent's own tests show each half of it
def test_a_build_that_cannot_put_it_there_fails_and_the_next_one_only_does_that(
    owner: User, docker_engine: DockerEngine, registry: ImageRegistry
) -> None:
    name = new_name()
    folder = app(owner, docker_engine, registry, name)
    log_in(owner, registry, "wrong")
    refused = owner.cynthus("build", folder, "-y")
    assert (refused.code, "CYN-152" in refused.err, "the image was made" in refused.err) == (2, True, True), refused
    log_in(owner, registry)
    built = owner.cynthus("build", folder, "-y", "--json").document
    assert (built["changed"], built["registry"]["state"], len(registry.tags(f"lab/{name}"))) == (False, "pushed", 1)


def test_a_registry_that_is_down_fails_a_build_and_no_run(
    owner: User, docker_engine: DockerEngine, registry: ImageRegistry
) -> None:
    name = new_name()
    folder = app(owner, docker_engine, registry, name)
    log_in(owner, registry)
    registry.front.break_now()
    try:
        up, refused = owner.cynthus("up", folder, "-y"), owner.cynthus("build", folder, "-y")
    finally:
        registry.front.mend()
    assert (up.code, up.out, "does not answer" in up.err) == (0, "hello\n", True), up
    assert (refused.code, "CYN-523" in refused.err) == (1, True), refused


def test_a_helper_is_asked_and_its_answer_stays_nowhere(
    owner: User, docker_engine: DockerEngine, registry: ImageRegistry
) -> None:
    name = new_name()
    helper = owner.place / "bin/docker-credential-lab"
    helper.parent.mkdir()
    # The password is put together there, so that the program itself is no place where it is found.
    user, first, second = KEEPER.user, KEEPER.password[:4], KEEPER.password[4:]
    helper.write_text(
        f"#!/bin/sh\nread server\nprintf '{{\"Username\": \"{user}\", \"Secret\": \"%s%s\"}}' '{first}' '{second}'\n"
    )
    helper.chmod(0o755)
    (owner.place / "docker").mkdir()
    settings = {"credHelpers": {registry.address: "lab"}}
    (owner.place / "docker/config.json").write_text(json.dumps(settings))
    owner.environment["PATH"] = f"{helper.parent}:{owner.shell()['PATH']}"
    built = owner.cynthus("build", app(owner, docker_engine, registry, name), "-y")
    assert (built.code, len(registry.tags(f"lab/{name}"))) == (0, 1), built
    for word in (KEEPER.password, KEEPER.auth):
        assert word not in built.out + built.err
        assert [path for place in (owner.place, Path("/dev/shm")) for path in files_with(place, word)] == []


@pytest.mark.slow  # the agent's own tests show most of it
def test_by_hand_the_play_uses_the_login_of_docker_itself(
    owner: User, docker_engine: DockerEngine, registry: ImageRegistry
) -> None:
    name = new_name()
    folder = app(owner, docker_engine, registry, name)
    assert owner.cynthus("render", folder).code == 0
    root = folder / "infra/local/compute"
    assert terraform(owner, root, "init").returncode == 0
    assert terraform(owner, root, "apply", "-auto-approve").returncode == 0
    without = shell(owner, root, *PLAY)
    assert (without.returncode, registry.tags(f"lab/{name}")) == (0, []), without.stdout.decode()
    assert f"docker login {registry.address}" in without.stdout.decode()
    log_in(owner, registry)
    played = shell(owner, root, *PLAY)
    assert (played.returncode, len(registry.tags(f"lab/{name}"))) == (0, 1), played.stdout.decode()
