from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.docker_engine import docker_engine
from tests.journeys.user import EXAMPLES, User

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["docker_engine"]


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """Somebody new, whose deployments are gone after the test."""
    person = User(tmp_path)
    yield person
    _go_home(person)


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """The same for all tests of a module: what one of them makes, the others look at."""
    person = User(tmp_path_factory.mktemp("visitor"))
    yield person
    _go_home(person)


@pytest.fixture
def hello(user: User) -> Path:
    """A copy of examples/hello."""
    return shutil.copytree(EXAMPLES / "hello", user.place / "hello")


def _go_home(person: User) -> None:
    if not person.home.is_dir():
        return
    for deployment in person.deployments():
        answer = person.cynthus("destroy", deployment["id"], "-y", "--discard")
        assert answer.code == 0, answer
    assert person.on_host() == []
