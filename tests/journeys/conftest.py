from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.bed.fixtures import bare_host, base_tar, bed, image_registry, make_hosts
from tests.docker_engine import docker_engine
from tests.image_registry import registry
from tests.journeys.user import EXAMPLES, User
from tests.terraforms import ANY_CASES, ONE, case

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host

__all__ = ["bare_host", "base_tar", "bed", "docker_engine", "image_registry", "make_hosts", "registry"]


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """Somebody new, whose deployments are gone after the test."""
    person = User(tmp_path)
    yield person
    _go_home(person)


@pytest.fixture(scope="module", params=ANY_CASES)
def visitor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """The same for all tests of a module: what one of them makes, the others look at. One for each Terraform."""
    person = User(tmp_path_factory.mktemp("visitor"))
    if request.param != ONE:
        person.environment["CYNTHUS_TERRAFORM"] = str(case(request.param).path)
    yield person
    _go_home(person)


@pytest.fixture(scope="module")
def machine(bed: Bed) -> Iterator[Host]:
    """A bare host, the same for all tests of a module."""
    made = bed.host()
    yield made
    bed.remove(made)


@pytest.fixture
def hello(user: User) -> Path:
    """A copy of examples/hello."""
    return shutil.copytree(EXAMPLES / "hello", user.place / "hello")


def _go_home(person: User) -> None:
    """Leave nothing on the machine. By the agents themselves: `cynthus destroy` would take ten times as long."""
    for home in person.homes():
        answer = run(Command((sys.executable, "-I", "-S", str(home / "agent.pyz"), "remove", "--home", str(home))))
        assert answer.returncode == 0, answer
    assert person.on_host() == []
