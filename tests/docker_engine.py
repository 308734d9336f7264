"""A Docker engine of the tests' own: nothing of the machine's is used, changed or left behind.

A test asks for the fixture `docker_engine` and is marked `engine`. Containers get no network but, where they ask for
it, this machine's own.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus import process
from cynthus.process import Command, Completed
from tests.docker_base import PYTHON, write_base
from tests.needs import lacking

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

BASE = "cynthus-test/python:1"
_NEEDED = ("dockerd", "containerd", "runc", "docker", "ldd")


@dataclass(frozen=True)
class DockerEngine:
    """A running engine with the image `base`. With `environment` the Docker command line talks to it and no other."""

    folder: Path
    environment: Mapping[str, str]
    base: str = BASE

    def docker(self, *words: str) -> Completed:
        """`docker WORDS`; fails the test where that fails."""
        answer = process.run(Command(("docker", *words), env=self.environment), timeout=120)
        assert answer.returncode == 0, answer.stderr.decode()
        return answer

    def lines(self, *words: str) -> list[str]:
        """What `docker WORDS` prints."""
        return self.docker(*words).stdout.decode().splitlines()


WITHOUT_BUILDKIT = """\
#!/bin/sh
case "$1 $3" in
  "buildx "*) echo "docker: unknown command: docker buildx" >&2; exit 1 ;;
  "version {{.Client.Version}} {{.Server.Version}}") echo 28.0.0 20.10.0; exit 0 ;;
esac
exec {docker} "$@"
"""
"""A command line as Docker's own packages bring it where the plugin `buildx` is left out."""


either_builder = pytest.mark.parametrize("host", [True, False], ids=["buildkit", "kept"], indirect=True)
"""For tests whose fixture `host` makes images in one way or the other, with what `client` gives it."""


def client(engine: DockerEngine, folder: Path, *, buildkit: bool | None) -> dict[str, str]:
    """The variables with which `docker` is a command line that has BuildKit's client, or one that has none.

    None: what this machine has.
    """
    if buildkit is None:
        return dict(engine.environment)
    folder.mkdir(parents=True)
    path = engine.environment.get("PATH", os.defpath)
    found = dict.fromkeys(f"{place}/docker" for place in path.split(os.pathsep) if Path(place, "docker").exists())
    fit = [each for each in found if not buildkit or _has_buildkit(engine, each)]
    if not fit:
        lacking("no Docker command line here has BuildKit's client")
    if buildkit:
        (folder / "docker").symlink_to(fit[0])
    else:
        (folder / "docker").write_text(WITHOUT_BUILDKIT.format(docker=fit[0]))
        (folder / "docker").chmod(0o755)
    # A folder of packages on this machine is nothing that BuildKit could be told of.
    kept = {name: value for name, value in engine.environment.items() if name != "PIP_FIND_LINKS"}
    return {**kept, "PATH": f"{folder}{os.pathsep}{path}"}


def _has_buildkit(engine: DockerEngine, docker: str) -> bool:
    if process.run(Command((docker, "buildx", "version"), env=engine.environment)).returncode == 0:
        return True
    asked = Command((docker, "version", "--format", "{{.Client.Version}}"), env=engine.environment)
    return process.run(asked).stdout.startswith(b"20.10.")


@pytest.fixture(scope="session")
def docker_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerEngine]:
    """One engine for each process of the tests, so that two never see each other's containers."""
    with engine(tmp_path_factory.mktemp("base")) as made:
        yield made


@contextmanager
def engine(scratch: Path) -> Iterator[DockerEngine]:
    """An engine with its base image; `scratch` is a folder for what its making needs."""
    unfit = _unfit()
    if unfit:
        lacking(unfit)
    # A path that is short: a socket's may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="cynthus-engine-"))
    started = _start(folder)
    try:
        made = DockerEngine(folder, _environment(folder))
        _await_ready(made, started)
        _import_base(made, scratch / "base.tar")
        yield made
    finally:
        _stop(started)
        shutil.rmtree(folder, ignore_errors=True)


def _unfit() -> str:
    """Why no engine can be started here; '' where one can."""
    if os.geteuid() != 0:
        return "a Docker engine of its own needs root"
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing or not PYTHON.exists():
        return f"there is no {', '.join(missing) or PYTHON} on this machine"
    return ""


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    return {**kept, "DOCKER_HOST": f"unix://{folder}/docker.sock", "DOCKER_CONFIG": str(folder / "config")}


def _start(folder: Path) -> subprocess.Popen[bytes]:
    # Dies with the tests, should they be killed.
    tied = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()
    argv = (
        *tied, "dockerd", "--host", f"unix://{folder}/docker.sock", "--data-root", f"{folder}/root",
        "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/docker.pid", "--storage-driver", "overlay2",
        "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none",
    )  # fmt: skip
    with open(folder / "log", "wb") as log:
        return process.start(Command(argv), stdout=log, stderr=log)


def _await_ready(engine: DockerEngine, started: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    ask = Command(("docker", "version", "--format", "{{.Server.Version}}"), env=engine.environment)
    while process.run(ask).returncode:
        if started.poll() is not None or time.monotonic() > deadline:
            lines = (engine.folder / "log").read_text(errors="replace").splitlines()
            lacking(f"dockerd does not start: {lines[-1] if lines else 'it says nothing'}")
        time.sleep(0.05)


def _import_base(engine: DockerEngine, tar: Path) -> None:
    write_base(tar)
    engine.docker("import", str(tar), engine.base)
    tar.unlink()


def _stop(started: subprocess.Popen[bytes]) -> None:
    started.terminate()
    deadline = time.monotonic() + 20
    while started.poll() is None:
        if time.monotonic() > deadline:
            process.kill_group(started.pid, signal.SIGKILL)
            deadline += 10
        time.sleep(0.05)
