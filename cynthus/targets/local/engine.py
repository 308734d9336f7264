"""Whether a Docker engine answers on this machine."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.targets.local.machine import find_program

if TYPE_CHECKING:
    from collections.abc import Mapping


class Engine(Struct, frozen=True):
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
    problem = _unreachable(address.removeprefix("unix://")) if address.startswith("unix://") else ""
    return Engine(problem=problem) if problem else _ask(address, environment, patience)


def _unreachable(path: str) -> str:
    """Why nobody can be reached by the socket at `path`; '' if somebody can.

    The SDK would say it less well, take a tenth of a second to be imported, and leave its own socket open.
    """
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.settimeout(1)
        try:
            attempt.connect(path)
        except FileNotFoundError:
            return f"there is no {path}"
        except PermissionError:
            return f"this user may not use {path}"
        except OSError as error:
            return f"nobody answers at {path}: {error}"
    return ""


def _ask(address: str, environment: Mapping[str, str], patience: float) -> Engine:
    import docker
    import requests

    try:
        # Told a version, the client does not ask for one while it is made: a failure there leaves its socket open.
        told = {**environment, "DOCKER_HOST": address}
        oldest = docker.constants.MINIMUM_DOCKER_API_VERSION
        client = docker.DockerClient.from_env(version=oldest, environment=told, timeout=patience)
    except (docker.errors.DockerException, ValueError) as error:
        return Engine(problem=str(error))
    try:
        return Engine(version=str(client.api.version(api_version=False)["Version"]))
    except (docker.errors.DockerException, requests.RequestException, OSError, KeyError, TypeError) as error:
        return Engine(problem=f"{address} does not answer like an engine: {error}")
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
