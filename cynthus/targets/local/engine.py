"""Whether a Docker engine answers on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Engine:
    """`version` where one answers, else `problem`: why not."""

    version: str = ""
    problem: str = ""

    @property
    def answers(self) -> bool:
        return bool(self.version)


def probe(environment: Mapping[str, str]) -> Engine:
    """Ask the engine that the Docker command line would use (DOCKER_HOST, then the current context) for its version."""
    address = _address(environment)
    if address.startswith("unix://") and not os.path.exists(address.removeprefix("unix://")):
        return Engine(problem=f"there is no {address.removeprefix('unix://')}")
    return _ask(address)


def _ask(address: str) -> Engine:
    # The SDK takes a tenth of a second to import: only once there is something to talk to.
    import docker
    import requests

    try:
        client = docker.DockerClient(base_url=address, timeout=5)
    except docker.errors.DockerException as error:
        return Engine(problem=str(error))
    try:
        return Engine(version=str(client.version()["Version"]))
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        return Engine(problem=str(error))
    finally:
        client.close()


def _address(environment: Mapping[str, str]) -> str:
    named = environment.get("DOCKER_HOST", "")
    if named:
        return named
    return _context_address(environment) or "unix:///var/run/docker.sock"


def _context_address(environment: Mapping[str, str]) -> str:
    """The address of the current Docker context (Docker Desktop and rootless engines use one), '' for the default."""
    import hashlib
    import json
    from pathlib import Path

    folder = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME", "/")) / ".docker")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        name = environment.get("DOCKER_CONTEXT") or config.get("currentContext") or "default"
        if name == "default":
            return ""
        # The Docker command line names a context's folder by the SHA-256 of its name.
        meta = folder / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
        return str(json.loads(meta.read_text(encoding="utf-8"))["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
