"""What a container may write to, where the agent is root and the container's user is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import container_room, lock, prepared, spec, strays
from cynthus.agent.home import Home
from cynthus.agent.version import Version
from tests.agent.host import RUN, document

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.prepared import Prepared


class World:
    """A run with `preprocess:` before its container is made."""

    def __init__(self, place: Path) -> None:
        self.home = Home(place / "home", "weather-abcdef")
        self.run = self.home.run(RUN)
        self.run.app.mkdir(parents=True)
        self.run.attempt(1).folder.mkdir(parents=True)
        (self.run.app / "prep.py").touch()
        strays.note(self.run.app, self.run.listing)
        self.spec = spec.parse(document(
            runtime="container", preprocess={"command": ["python", "prep.py"], "files": []},
        ))  # fmt: skip
        self.ready = Version("e" * 16, "s" * 64, "image", ())

    def room(self) -> Prepared:
        return prepared.make_room(self.home, self.spec, self.run, self.run.attempt(1), self.ready)

    def make(self) -> None:
        container_room.make(self.home, self.spec, self.run, self.run.attempt(1), self.ready, os.environ, {})


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files to another user")
def test_the_room_of_what_is_prepared_is_given_and_not_what_another_run_has_in_it(world: World) -> None:
    room = world.room()
    room.part.mkdir()
    (room.part / "x").touch()
    descriptor = lock.acquire(room.lock, wait=False)
    assert descriptor is not None
    try:
        world.make()
    finally:
        os.close(descriptor)
    owners = [each.stat().st_uid for each in (room.folder, room.lock, room.part, room.part / "x")]
    assert owners == [1000, 1000, 0, 0]
