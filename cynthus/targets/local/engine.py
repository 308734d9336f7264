"""Whether a Docker engine answers on this machine."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.targets.local.machine import find_program

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Engine:
    """`version` where one answers, else `problem`: why not."""

    version: str = ""
    problem: str = ""

    @property
    def answers(self) -> bool:
        return bool(self.version)


def probe(environment: Mapping[str, str], *, patience: float = 5) -> Engine:
    """Ask the engine that the Docker command line would use (DOCKER_HOST, then the current context) for its version.

    It gets `patience` seconds to answer. Without the command line itself no engine is of use: it builds images.
    """
    if find_program("docker", environment) is None:
        return Engine(problem="the `docker` command is not on PATH")
    try:
        address = environment.get("DOCKER_HOST") or _context_address(environment) or "unix:///var/run/docker.sock"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Engine(problem="the current Docker context cannot be read")
    socket = address.removeprefix("unix://")
    if socket != address and not os.access(socket, os.F_OK):
        return Engine(problem=f"there is no {socket}")
    return _ask({**environment, "DOCKER_HOST": address}, patience)


def _ask(environment: Mapping[str, str], patience: float) -> Engine:
    # The SDK takes a tenth of a second to import: only once there is something to talk to.
    import docker
    import requests

    try:
        client = docker.DockerClient.from_env(environment=environment, timeout=patience)
    except docker.errors.DockerException as error:
        return Engine(problem=str(error))
    try:
        return Engine(version=str(client.version()["Version"]))
    except (docker.errors.DockerException, requests.RequestException, OSError, KeyError) as error:
        return Engine(problem=str(error))
    finally:
        client.close()


def _context_address(environment: Mapping[str, str]) -> str:
    """The address of the current Docker context (Docker Desktop and rootless engines use one), '' for the default.

    Raises:
        OSError, ValueError, KeyError, TypeError, AttributeError: its files are not there, or not what they should be.
    """
    folder = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME", "/")) / ".docker")
    name = environment.get("DOCKER_CONTEXT") or _current_context(folder / "config.json") or "default"
    if name == "default":
        return ""
    # The Docker command line names a context's folder by the SHA-256 of its name.
    meta = folder / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    return str(json.loads(meta.read_text(encoding="utf-8"))["Endpoints"]["docker"]["Host"])


def _current_context(config: Path) -> str:
    try:
        text = config.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return str(json.loads(text).get("currentContext") or "")
