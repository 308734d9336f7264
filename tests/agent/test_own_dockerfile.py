"""The environment by the user's own Dockerfile, on a real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.agent.host import Host
from tests.docker_engine import client, either_builder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker_engine import DockerEngine

pytestmark = pytest.mark.engine

DOCKERFILE = """\
FROM {base}
COPY tools/greet.sh /usr/bin/greet
RUN greet > /greeting
ENV FROM_THE_IMAGE=yes
"""


@pytest.fixture
def host(tmp_path: Path, program: Path, docker_engine: DockerEngine, request: pytest.FixtureRequest) -> Iterator[Host]:
    """A host with an app that has a Dockerfile."""
    environment = client(docker_engine, tmp_path / "client", buildkit=getattr(request, "param", None))
    made = Host(tmp_path / "a host", program, environment, runtime="container", dockerfile="Dockerfile")
    made.file("Dockerfile", DOCKERFILE.format(base=docker_engine.base))
    made.file("tools/greet.sh", "#!/bin/sh\necho hello\n").chmod(0o755)
    made.spec()
    yield made
    made.ask("remove")


@either_builder
def test_the_image_is_what_the_dockerfile_makes(host: Host) -> None:
    host.end("import os\nprint(open('/greeting').read(), os.environ['FROM_THE_IMAGE'])")
    assert host.log == "hello\n yes\n"


def test_the_source_is_that_of_the_run_all_the_same(host: Host, docker_engine: DockerEngine) -> None:
    host.file("Dockerfile", f"FROM {docker_engine.base}\nCOPY main.py /app/main.py\n")
    host.file("main.py", "print('of the image')")
    host.ask("environment")
    host.end("print('of the run')")
    assert host.log == "of the run\n"


def test_a_changed_main_py_builds_nothing(host: Host) -> None:
    host.bring("print(1)")
    host.file("main.py", "print(2)")
    assert host.ask("environment")["changed"] is False


def test_a_changed_file_of_the_image_builds_it_anew(host: Host) -> None:
    host.bring("print(open('/greeting').read())")
    host.file("tools/greet.sh", "#!/bin/sh\necho bye\n").chmod(0o755)
    assert host.ask("environment")["changed"] is True


@either_builder
def test_a_dockerfile_that_does_not_build_is_an_error_with_the_words_of_its_command(
    host: Host, docker_engine: DockerEngine
) -> None:
    host.file("Dockerfile", f"FROM {docker_engine.base}\nCOPY no-such /x\n")
    refused = host.refused("environment")
    assert (refused["code"], "Dockerfile" in refused["message"]) == ("CYN-421", True)
    assert any("no-such" in line for line in refused["details"]), refused


def test_an_image_of_ones_own_goes_with_its_deployment(host: Host, docker_engine: DockerEngine) -> None:
    image = host.ask("environment")["image"]
    assert docker_engine.lines("image", "ls", "--quiet", image)
    host.ask("remove")
    assert docker_engine.lines("image", "ls", "--quiet", image) == []
