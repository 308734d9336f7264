from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.agent.prune import SPARE
from tests.agent.host import Host
from tests.agent.wheels import wheel
from tests.docker_engine import client, either_builder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker_engine import DockerEngine

pytestmark = pytest.mark.engine


@pytest.fixture
def host(tmp_path: Path, program: Path, docker_engine: DockerEngine, request: pytest.FixtureRequest) -> Iterator[Host]:
    """A host with an app that wants a package."""
    environment = client(docker_engine, tmp_path / "client", buildkit=getattr(request, "param", None))
    made = Host(tmp_path / "a host", program, environment, runtime="container", base=docker_engine.base)
    wheel(made.folder / "wheels", "tiny")
    made.file("requirements.txt", "./wheels/tiny-1.0-py3-none-any.whl\n")
    made.spec(requirements="requirements.txt")
    yield made
    made.ask("remove")


def images(engine: DockerEngine, host: Host) -> list[str]:
    return engine.lines("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"cynthus/{host.home.deployment}")


@either_builder
def test_requirements_are_in_the_image(host: Host) -> None:
    host.end("import tiny\nprint(tiny.VERSION)")
    assert host.log == "1.0\n"


def test_an_image_is_named_after_what_is_in_it(host: Host, docker_engine: DockerEngine) -> None:
    made = host.ask("environment")
    assert images(docker_engine, host) == [made["image"]] == [f"cynthus/{host.home.deployment}:{made['environment']}"]


@either_builder
def test_an_image_says_what_it_is_and_is_not_roots(host: Host, docker_engine: DockerEngine) -> None:
    made = host.ask("environment")
    asked = ("image", "inspect", "--format", "{{json .Config.Labels}} {{.Config.User}}", made["image"])
    labels, _, user = docker_engine.lines(*asked)[0].rpartition(" ")
    assert (json.loads(labels), user) == (
        {
            "cynthus-deployment": host.home.deployment,
            "org.opencontainers.image.title": "t",
            "org.opencontainers.image.version": made["environment"],
            "org.opencontainers.image.base.name": docker_engine.base,
        },
        "1000:1000",
    )


@pytest.mark.parametrize(("host", "by"), [(True, True), (False, False)], ids=["buildkit", "kept"], indirect=["host"])
def test_buildkit_makes_the_image_where_it_is_there(host: Host, docker_engine: DockerEngine, *, by: bool) -> None:
    said = docker_engine.lines("history", "--format", "{{.Comment}}", str(host.ask("environment")["image"]))
    assert any("buildkit" in line for line in said) == by


def test_an_image_is_made_once(host: Host) -> None:
    assert [host.ask("environment")["changed"] for _ in range(2)] == [True, False]


def test_changed_requirements_make_a_new_image_and_a_changed_source_does_not(host: Host) -> None:
    first = host.ask("environment")["image"]
    host.file("main.py", "print('other')")
    assert host.ask("environment")["image"] == first
    host.file("requirements.txt", "./wheels/tiny-1.0-py3-none-any.whl\n# more\n")
    assert host.ask("environment")["image"] != first


def test_without_requirements_the_base_is_used_as_it_is(host: Host, docker_engine: DockerEngine) -> None:
    host.file("requirements.txt", "# nothing\n")
    made = host.ask("environment")
    assert (made["image"], made["changed"]) == (docker_engine.base, False)


@either_builder
def test_requirements_that_do_not_install_are_an_error_with_pips_words(host: Host, docker_engine: DockerEngine) -> None:
    host.file("requirements.txt", "./wheels/no-such-1.0-py3-none-any.whl\n")
    refused = host.refused("environment")
    assert refused["code"] == "CYN-421"
    assert any("no-such" in line for line in refused["details"])
    assert not images(docker_engine, host)


def test_a_base_that_is_nowhere_is_an_error(host: Host) -> None:
    host.file("requirements.txt", "")
    host.spec(base="cynthus-test/no-such:1")
    assert host.refused("environment")["code"] == "CYN-421"


def test_an_engine_that_does_not_answer_is_said_to_be_the_reason(host: Host) -> None:
    known = host.environment
    host.environment = {**known, "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    assert host.refused("environment")["code"] == "CYN-136"
    host.environment = known


def test_a_machine_without_docker_is_said_to_be_one(host: Host) -> None:
    known = host.environment
    host.environment = {**known, "PATH": "/nowhere"}
    assert host.refused("environment")["code"] == "CYN-136"
    host.environment = known


@either_builder
def test_an_included_file_and_a_package_beside_it_come_along(host: Host) -> None:
    host.file("deps/base.txt", "./wheels/tiny-1.0-py3-none-any.whl\n")
    host.file("requirements.txt", "-r deps/base.txt\n")
    host.end("import tiny\nprint(tiny.VERSION)")
    assert host.log == "1.0\n"


@either_builder
def test_removal_takes_the_images_and_leaves_the_base(host: Host, docker_engine: DockerEngine) -> None:
    host.ask("environment")
    host.ask("remove")
    assert not images(docker_engine, host)
    assert docker_engine.lines("image", "ls", "--quiet", docker_engine.base)
    dangling = ("--filter", "dangling=true", "--filter", f"label=cynthus-deployment={host.home.deployment}")
    assert not docker_engine.lines("image", "ls", "--quiet", *dangling)


def test_a_run_whose_image_is_gone_says_so(host: Host, docker_engine: DockerEngine) -> None:
    host.bring("")
    docker_engine.docker("image", "rm", "--force", *images(docker_engine, host))
    assert "image" in host.refused("start")["message"]


def outdated(host: Host) -> str:
    """An environment after which others were wanted, as many as stay in any case."""
    name = str(host.ask("environment")["environment"])
    record = host.home.environments / f"{name}.image"
    for number in range(SPARE):
        shutil.copy(record, record.with_name(f"{number}.image"))
    os.utime(record, (0, 0))
    return name


def test_an_image_that_no_run_needs_any_more_is_pruned(host: Host, docker_engine: DockerEngine) -> None:
    name = outdated(host)
    assert host.ask("prune")["environments"] == [name]
    assert images(docker_engine, host) == []


def test_an_image_that_a_run_needs_is_not(host: Host, docker_engine: DockerEngine) -> None:
    host.end("print('x')")
    outdated(host)
    assert host.ask("prune")["environments"] == []
    assert len(images(docker_engine, host)) == 1
