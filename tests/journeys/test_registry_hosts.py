"""One run on two hosts far away whose image is in a registry: one of them builds, and the user's login reaches both."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.bed.registry import PASSWORD, USER
from tests.journeys.machines import spec_on
from tests.journeys.test_secrets import files_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.bed.registry import Registry
    from tests.journeys.user import Ended, User

pytestmark = [pytest.mark.hosts, pytest.mark.slow]  # two engines start; test_build.py has one host
PLACES = ("/home", "/opt", "/root", "/dev/shm", "/tmp")
AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@pytest.fixture(scope="module")
def machines(bed: Bed, base_tar: Path) -> Iterator[list[Host]]:
    made = bed.hosts(2, docker=True)
    for each in made:
        each.import_image(base_tar, "base:1")
    yield made
    for each in made:
        bed.remove(each)


@pytest.fixture(scope="module")
def folder(visitor: User, machines: list[Host], image_registry: Registry) -> Path:
    address = {image_registry.show_to(each) for each in machines}.pop()
    visitor.environment["DOCKER_CONFIG"] = str(visitor.place / "docker")
    (visitor.place / "docker").mkdir()
    (visitor.place / "docker/config.json").write_text(json.dumps({"auths": {address: {"auth": AUTH}}}))
    image = {"registry": f"{address}/lab"}
    spec = spec_on(machines, name="both", runtime="container", image=image, resources={"nodes": 2})
    dockerfile = "FROM base:1\nRUN python3 -c \"import os; open('/mark', 'w').write(os.urandom(8).hex())\"\n"
    return visitor.folder("both", main="print(open('/mark').read())", cynthus_yaml=spec, Dockerfile=dockerfile)


@pytest.fixture(scope="module")
def up(visitor: User, folder: Path) -> Ended:
    return visitor.cynthus("up", folder, "-y", timeout=240)


def test_one_builds_and_the_other_fetches_that_very_image(up: Ended) -> None:
    # What the build wrote is another word each time.
    marks = {line.split()[-1] for line in up.out.splitlines()}
    assert (up.code, len(up.out.splitlines()), len(marks)) == (0, 2, 1), up


def test_the_login_stays_on_neither(up: Ended, machines: list[Host]) -> None:
    assert up.code == 0, up
    for each in machines:
        found = each.run("sudo", "grep", "-rlsF", "-e", AUTH, "-e", PASSWORD, *PLACES)
        assert found.stdout == b"", found
        assert not each.run("sudo", "ls", "/home/tester/.docker/config.json").stdout


def test_it_is_in_no_record_of_ours(up: Ended, folder: Path) -> None:
    assert [file for word in (AUTH, PASSWORD) for file in files_with(folder, word)] == []
    assert AUTH not in up.out + up.err
