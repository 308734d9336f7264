"""Packages of the distribution in an image, also on a base that has no Python before them."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from cynthus import process
from cynthus.process import Command
from tests.agent.host import Host
from tests.agent.wheels import sdist, wheel
from tests.docker_engine import client, either_builder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker_engine import DockerEngine

pytestmark = pytest.mark.engine

SYSTEM = "cynthus-test/system:1"
APT = """\
#!/bin/sh
case $1 in
  update) mkdir -p /var/lib/apt/lists && touch /var/lib/apt/lists/fresh ;;
  install)
    for each; do
      case $each in
        no-such) echo "E: Unable to locate package $each" >&2; exit 100 ;;
        python-is-python3) mv /usr/bin/away /usr/bin/python ;;
        -*|install) ;;
        *) test -f /var/lib/apt/lists/fresh && echo "$each $DEBIAN_FRONTEND $http_proxy" >>/installed ;;
      esac
    done ;;
esac
"""
"""Stands for the real one, which needs a network: it notes what it is to install, and brings Python back."""


@pytest.fixture(scope="module")
def system(docker_engine: DockerEngine) -> str:
    """An image as Debian's are: with `apt-get` and without `python`."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        lines = (f"FROM {docker_engine.base}", "COPY apt-get /usr/bin/apt-get", "RUN mv /usr/bin/python /usr/bin/away")
        for name, text, mode in (("Dockerfile", "\n".join(lines), 0o644), ("apt-get", APT, 0o755)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), mode
            tar.addfile(entry, io.BytesIO(text.encode()))
    words = ("docker", "build", "--network", "none", "--tag", SYSTEM, "-")
    variables = {**docker_engine.environment, "DOCKER_BUILDKIT": "0"}
    answer = process.run(Command(words, env=variables, stdin=context.getvalue()), timeout=120)
    assert answer.returncode == 0, answer.stderr.decode()
    return SYSTEM


@pytest.fixture
def host(
    tmp_path: Path, program: Path, docker_engine: DockerEngine, system: str, request: pytest.FixtureRequest
) -> Iterator[Host]:
    """A host with an app that wants a package of each kind."""
    environment = client(docker_engine, tmp_path / "client", buildkit=getattr(request, "param", None))
    made = Host(tmp_path / "a host", program, environment, runtime="container", base=system)
    wheel(made.folder / "wheels", "tiny")
    made.file("requirements.txt", "./wheels/tiny-1.0-py3-none-any.whl\n")
    made.spec(requirements="requirements.txt", apt=["python-is-python3", "ffmpeg"])
    yield made
    made.ask("remove")


@either_builder
def test_a_base_gets_its_python_and_packages_before_the_requirements(host: Host) -> None:
    host.end("import tiny\nprint(tiny.VERSION, open('/installed').read().split()[0])")
    assert host.log == "1.0 ffmpeg\n"


@either_builder
def test_an_app_may_want_packages_of_the_system_alone(host: Host) -> None:
    host.end("import os\nprint(open('/installed').read().split(), os.listdir('/var/lib/apt/lists'))", requirements=None)
    assert host.log == "['ffmpeg', 'noninteractive'] []\n"


@either_builder
def test_a_package_that_there_is_not_is_an_error_with_apts_words(host: Host) -> None:
    host.spec(apt=["no-such"])
    refused = host.refused("environment")
    assert (refused["code"], "packages of the distribution" in refused["message"]) == ("CYN-421", True)
    assert any("Unable to locate package no-such" in line for line in refused["details"])


@either_builder
def test_a_proxy_that_the_user_has_is_used_and_stays_nowhere(host: Host, docker_engine: DockerEngine) -> None:
    host.environment = {**host.environment, "http_proxy": "http://me:pass-word@127.0.0.1:9", "no_proxy": "*"}
    made = host.ask("environment")
    noted = ("run", "--rm", "--network", "none", "--entrypoint", "/bin/cat", made["image"], "/installed")
    assert docker_engine.lines(*noted) == ["ffmpeg noninteractive http://me:pass-word@127.0.0.1:9"]
    asked = (("history", "--no-trunc", made["image"]), ("inspect", made["image"]))
    kept = [line for words in asked for line in docker_engine.lines(*words)]
    assert not [line for line in kept if "pass-word" in line]


def test_other_packages_make_another_image(host: Host) -> None:
    first = host.ask("environment")["image"]
    host.spec(apt=["python-is-python3"])
    assert host.ask("environment")["image"] != first


def test_without_packages_an_environment_has_the_name_that_it_always_had(host: Host) -> None:
    host.spec(apt=[], runtime="venv", base=None)
    with_none = host.ask("environment")["environment"]
    del host.document["apt"]
    assert host.ask("environment")["environment"] == with_none


BUILT = """\
./wheels/neighbour-1.0-py3-none-any.whl
./wheels/built-1.0.tar.gz ; python_version < "3"
Built @ file:///cynthus/requirements/wheels/built-1.0.tar.gz
"""
"""The second line has it brought along, and the third is what pip reads."""


@either_builder
@pytest.mark.parametrize("beside", [[], ["built"]], ids=["apart", "beside"])
def test_what_needs_its_neighbour_while_it_is_built_finds_it(host: Host, beside: list[str]) -> None:
    wheel(host.folder / "wheels", "neighbour")
    sdist(host.folder / "wheels", "built", body="import neighbour; text = 'VERSION = 1'")
    host.file("requirements.txt", "-r more.txt\n")
    host.file("more.txt", BUILT)
    host.spec(apt=["python-is-python3"], beside=beside)
    if beside:
        host.end("import built\nprint(built.VERSION)")
        assert host.log == "1\n"
    else:
        assert any("No module named 'neighbour'" in line for line in host.refused("environment")["details"])


def test_tools_come_before_the_requirements(host: Host) -> None:
    links = host.root.parent / "links"
    wheel(links, "tiny", version="2.0")
    host.environment = {**host.environment, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(links)}
    host.end("import tiny\nprint(tiny.VERSION)", tools=["tiny"])
    assert host.log == "1.0\n"
    (log,) = host.home.environments.glob("*.log")
    assert "Successfully installed tiny-2.0" in log.read_text()
