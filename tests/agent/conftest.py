"""What the tests of the agent share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import zipapp
from tests.agent.host import Host
from tests.agent.machines import machines
from tests.bed.fixtures import bed
from tests.docker_engine import DockerEngine, docker_engine
from tests.image_registry import registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["bed", "docker_engine", "machines", "registry"]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The agent's zipapp."""
    path = tmp_path_factory.mktemp("program") / "agent.pyz"
    zipapp.build(path)
    return path


@pytest.fixture
def host(tmp_path: Path, program: Path) -> Iterator[Host]:
    """A host without Docker; its runs are gone afterwards."""
    made = Host(tmp_path / "a host", program, os.environ)
    yield made
    made.ask("remove")


@pytest.fixture
def container_host(tmp_path: Path, program: Path, docker_engine: DockerEngine) -> Iterator[Host]:
    """A host whose runs are containers."""
    made = Host(
        tmp_path / 'a, "host"', program, docker_engine.environment, runtime="container", base=docker_engine.base
    )
    yield made
    made.ask("remove")
    label = f"label=cynthus-deployment={made.home.deployment}"
    assert not docker_engine.lines("ps", "--all", "--quiet", "--filter", label)
