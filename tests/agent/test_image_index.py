"""An image is built with what pip was told on this machine, and nothing of that stays in it or anywhere else."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, kill_group, start
from tests.agent.host import Host, until
from tests.agent.index import Index, private_index
from tests.agent.wheels import sdist, wheel
from tests.docker_engine import client, either_builder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker_engine import DockerEngine

pytestmark = pytest.mark.engine

SEES_COMMAND_LINES = """
import pathlib
for each in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        text += "# " + each.read_bytes().replace(b"\\0", b" ").decode().replace("\\n", " ") + "\\n"
    except OSError:
        pass
"""
PASSES_ON = "import inner, inspect\ntext = inspect.getsource(inner)\n"
NOTES_WORDS = '#!/bin/sh\nprintf "%s\\n" "$@" >> "{note}"\nexec {docker} "$@"\n'


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with private_index(tmp_path / "index") as made:
        wheel(made.folder, "tiny")
        yield made


@pytest.fixture
def host(tmp_path: Path, program: Path, docker_engine: DockerEngine, request: pytest.FixtureRequest) -> Iterator[Host]:
    """A host with an app that wants a package, and with a home folder of its own; pip is told nothing yet."""
    environment = client(docker_engine, tmp_path / "client", buildkit=getattr(request, "param", None))
    plain = {name: value for name, value in environment.items() if not name.startswith(("PIP_", "UV_"))}
    own = {**plain, "HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "home/.config")}
    made = Host(tmp_path / "a host", program, own, runtime="container", base=docker_engine.base)
    made.file("requirements.txt", "tiny\n")
    made.spec(requirements="requirements.txt")
    yield made
    made.ask("remove")


def found(folder: Path, word: str) -> list[str]:
    """The files below a folder that hold a word. The engine clears away meanwhile what a build that failed has left."""
    files = [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]
    return [str(each) for each in files if word.encode() in _content(each)]


def _content(file: Path) -> bytes:
    with suppress(FileNotFoundError):
        if file.is_file() and not file.is_symlink():
            return file.read_bytes()
    return b""


def in_engine(engine: DockerEngine, word: str) -> list[str]:
    """The same for all that it keeps: layers, configurations and histories of images and containers, logs."""
    said = [line for line in (engine.folder / "log").read_text().splitlines() if word in line]
    return [*found(engine.folder / "root", word), *said]


@either_builder
def test_a_private_index_in_a_variable_is_used(host: Host, index: Index) -> None:
    host.environment["PIP_INDEX_URL"] = index.address
    host.end("import tiny\nprint(tiny.VERSION)")
    assert (host.log, "/files/tiny-1.0-py3-none-any.whl" in index.asked) == ("1.0\n", True)


def test_a_private_index_in_a_configuration_file_is_used(host: Host, index: Index, tmp_path: Path) -> None:
    config = tmp_path / "home/.config/pip/pip.conf"
    config.parent.mkdir(parents=True)
    config.write_text(f"[global]\nindex-url = {index.address}\n")
    assert host.ask("environment")["changed"]


def test_an_index_that_only_uv_was_told_of_is_used(host: Host, index: Index) -> None:
    host.environment |= {"UV_DEFAULT_INDEX": f"own={index.open_address}", "UV_INDEX_OWN_USERNAME": "me"}
    host.environment["UV_INDEX_OWN_PASSWORD"] = index.password
    assert host.ask("environment")["changed"]


def test_a_password_in_the_users_netrc_is_used(host: Host, index: Index, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.netrc").write_text(f"machine 127.0.0.1 login me password {index.password}\n")
    host.environment["PIP_INDEX_URL"] = index.open_address
    assert host.ask("environment")["changed"]


def test_a_folder_of_packages_is_used(host: Host, tmp_path: Path) -> None:
    wheel(tmp_path / "links", "tiny")
    host.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "links")}
    assert host.ask("environment")["changed"]


@either_builder
def test_the_password_of_an_index_is_nowhere_in_the_engine(
    host: Host, index: Index, docker_engine: DockerEngine
) -> None:
    host.environment["PIP_INDEX_URL"] = index.address
    image = host.ask("environment")["image"]
    assert in_engine(docker_engine, "Name: tiny"), "what was installed can be found in this way"
    assert in_engine(docker_engine, index.password) == []
    assert index.password not in docker_engine.docker("history", "--no-trunc", image).stdout.decode()
    assert index.password not in docker_engine.docker("image", "inspect", image).stdout.decode()


def test_the_password_of_an_index_is_nowhere_in_the_home(host: Host, index: Index) -> None:
    host.environment["PIP_INDEX_URL"] = index.address
    host.ask("environment")
    assert found(host.root, "tiny"), "the log is there"
    assert found(host.root, index.password) == []


@either_builder
def test_the_password_of_an_index_in_the_requirements_is_not_in_the_image(
    host: Host, index: Index, docker_engine: DockerEngine
) -> None:
    host.file("requirements.txt", f"--index-url {index.address}\ntiny\n")
    host.environment["HTTP_PROXY"] = "http://127.0.0.1:9"
    host.environment["NO_PROXY"] = "127.0.0.1"
    host.ask("environment")
    assert in_engine(docker_engine, index.password) == []


@either_builder
def test_what_fails_does_not_tell_the_password(host: Host, index: Index, docker_engine: DockerEngine) -> None:
    host.environment["PIP_INDEX_URL"] = index.address
    host.file("requirements.txt", "no-such-package\n")
    refused = host.refused("environment")
    assert "no-such-package" in " ".join(refused["details"])
    assert index.password not in json.dumps(refused)
    assert (found(host.root, index.password), in_engine(docker_engine, index.password)) == ([], [])


@either_builder
def test_the_password_of_an_index_is_on_no_command_line(host: Host, index: Index, tmp_path: Path) -> None:
    # pip installs what a build needs by a pip of its own, which is told of the index on its command line.
    sdist(index.folder, "inner", body=SEES_COMMAND_LINES)
    sdist(index.folder, "outer", requires="inner", body=PASSES_ON)
    host.file("requirements.txt", "outer\n")
    tools, note = tmp_path / "tools", tmp_path / "words"
    tools.mkdir()
    (tools / "docker").write_text(NOTES_WORDS.format(note=note, docker=shutil.which("docker")))
    (tools / "docker").chmod(0o755)
    host.environment |= {"PIP_INDEX_URL": index.address, "PATH": f"{tools}:{host.environment['PATH']}"}
    host.end("import inspect, outer\nprint(inspect.getsource(outer))")
    assert index.open_address in host.log, "the inner pip was seen"
    assert index.password not in host.log
    assert ("commit" in note.read_text(), index.password in note.read_text()) == (True, False)


@either_builder
def test_a_proxy_of_dockers_own_is_not_kept_in_the_image(
    host: Host, index: Index, docker_engine: DockerEngine, tmp_path: Path
) -> None:
    config = tmp_path / "docker"
    config.mkdir()
    proxies = {"default": {"httpProxy": "http://me:sentinel-of-a-proxy@127.0.0.1:9", "noProxy": "127.0.0.1"}}
    (config / "config.json").write_text(json.dumps({"proxies": proxies}))
    host.environment |= {"PIP_INDEX_URL": index.address, "DOCKER_CONFIG": str(config)}
    host.ask("environment")
    assert in_engine(docker_engine, "sentinel-of-a-proxy") == []


@either_builder
def test_an_image_starts_what_its_base_does(host: Host, index: Index, docker_engine: DockerEngine) -> None:
    base = f"cynthus-test/{host.home.deployment}"
    changes = ("--change", 'ENTRYPOINT ["/usr/bin/python3"]', "--change", 'CMD ["-V"]', "--change", "USER 1000")
    docker_engine.docker("create", "--name", host.home.deployment, docker_engine.base, "true")
    docker_engine.docker("commit", *changes, host.home.deployment, base)
    docker_engine.docker("rm", host.home.deployment)
    host.environment["PIP_INDEX_URL"] = index.address
    host.spec(base=base)
    image = host.ask("environment")["image"]
    asked = ("--format", "{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{.Config.User}}", image)
    assert docker_engine.lines("image", "inspect", *asked) == ['["/usr/bin/python3"] ["-V"] 1000']
    docker_engine.docker("image", "rm", "--force", image, base)


def test_a_build_leaves_no_container(host: Host, index: Index, docker_engine: DockerEngine) -> None:
    host.environment["PIP_INDEX_URL"] = index.address
    host.ask("environment")
    host.file("requirements.txt", "no-such-package\n")
    host.refused("environment")
    assert docker_engine.lines("ps", "--all", "--quiet", "--filter", f"name={host.home.deployment}") == []


@pytest.mark.crash
@either_builder
def test_a_build_ends_with_its_agent_and_the_next_clears_away_what_is_left(
    host: Host, index: Index, docker_engine: DockerEngine
) -> None:
    listing = ("container", "ls", "--quiet", "--filter", f"name={host.home.deployment}")
    sdist(index.folder, "slow", body="import time\ntime.sleep(600)\n")
    host.environment["PIP_INDEX_URL"] = index.address
    host.file("requirements.txt", "slow\n")
    with open(os.devnull, "wb") as nothing:
        building = start(Command(host.argv("environment"), env=host.environment), stdout=nothing, stderr=nothing)
    until(lambda: "/files/slow-1.0.tar.gz" in index.asked)
    kill_group(building.pid)
    building.wait()
    until(lambda: not docker_engine.lines(*listing))
    host.file("requirements.txt", "tiny\n")
    assert host.ask("environment")["changed"]
    assert docker_engine.lines(*listing, "--all") == []
