"""Hosts of one app that share a registry of images."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.agent.host import Host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker_engine import DockerEngine
    from tests.image_registry import ImageRegistry


class Machines:
    """Hosts of one app, each as a machine of its own: they share an engine, and each has its own deployment."""

    def __init__(self, place: Path, program: Path, engine: DockerEngine, registry: ImageRegistry) -> None:
        self._place = place
        self._program = program
        self._engine = engine
        self._registry = registry
        self.name = f"lab/{os.urandom(4).hex()}"
        self.made: list[Host] = []

    def new(self, *, logged_in: bool = True, **changes: object) -> Host:
        """One whose image is made by a Dockerfile, which is faster than pip; `changes` go into its spec."""
        place = self._place / f"host {len(self.made)}"
        config = place / "docker"
        environment = {**self._engine.environment, "DOCKER_CONFIG": str(config)}
        made = Host(
            place, self._program, environment, runtime="container", base=self._engine.base,
            repository=f"{self._registry.address}/{self.name}",
        )
        if logged_in:
            self._registry.log_in(config)
        made.file("Dockerfile", f"FROM {self._engine.base}\nCOPY word /word\n")
        made.file("word", "in the image\n")
        made.spec(**{"dockerfile": "Dockerfile", **changes})
        self.made.append(made)
        return made


@pytest.fixture
def machines(
    tmp_path: Path, program: Path, docker_engine: DockerEngine, registry: ImageRegistry
) -> Iterator[Machines]:
    made = Machines(tmp_path, program, docker_engine, registry)
    yield made
    registry.front.mend()
    for host in made.made:
        host.ask("remove")
    assert docker_engine.lines("image", "ls", "--quiet", f"{registry.address}/{made.name}") == []
