"""The test bed for pytest. A room's conftest.py imports what its tests ask for by name; tests are marked `hosts`."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.bed.beds import Bed
from tests.bed.debian import NoTree
from tests.bed.disk_image import DiskImage, disk_image
from tests.bed.machine import VirtualMachine
from tests.bed.probe import unfit, unfit_for_machines
from tests.bed.registry import Registry
from tests.bed.suite import usual
from tests.bed.tree import tree
from tests.docker_base import write_base
from tests.needs import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.host import Host


class MakeHosts(Protocol):
    def __call__(self, number: int = 1, *, docker: bool = False, disk: str = "") -> list[Host]:
        """New hosts, started side by side. `disk` is the size of a small disk (300m)."""
        ...


@contextmanager
def bed_of(suite: str) -> Iterator[Bed]:
    """A bed whose hosts are of a suite. A module that has its own fixture `bed` has all others here of it."""
    reason = unfit()
    if reason:
        lacking(reason)
    try:
        below = tree(suite)
    except NoTree as error:
        lacking(f"there is no tree for hosts of {suite}: {error}")
    with Bed(below) as made:
        yield made


@pytest.fixture(scope="session")
def bed() -> Iterator[Bed]:
    """One bed for each process of the tests."""
    with bed_of(usual()) as made:
        yield made


@pytest.fixture
def make_hosts(bed: Bed) -> Iterator[MakeHosts]:
    """Makes hosts for one test: they are fresh, and gone after it."""
    made: list[Host] = []

    def make(number: int = 1, *, docker: bool = False, disk: str = "") -> list[Host]:
        fresh = bed.hosts(number, docker=docker, disk=disk)
        made.extend(fresh)
        return fresh

    yield make
    for host in made:
        bed.remove(host)


@pytest.fixture
def bare_host(make_hosts: MakeHosts) -> Host:
    """A fresh host with nothing but what Debian has: no Docker."""
    return make_hosts()[0]


@pytest.fixture
def docker_host(make_hosts: MakeHosts) -> Host:
    """A fresh host that has Docker already."""
    return make_hosts(docker=True)[0]


@pytest.fixture(scope="session")
def machine_image() -> DiskImage:
    """The disk of virtual machines."""
    reason = unfit_for_machines()
    if reason:
        lacking(reason)
    try:
        return disk_image()
    except NoTree as error:
        lacking(f"there is no disk for virtual machines: {error}")


@pytest.fixture(scope="module")
def virtual_machine(machine_image: DiskImage) -> Iterator[VirtualMachine]:
    """A fresh machine with a kernel of its own, for all tests of a module: it takes a minute or more to start."""
    with closing(VirtualMachine(machine_image)) as machine:
        machine.start()
        yield machine


@pytest.fixture(scope="session")
def image_registry(bed: Bed) -> Iterator[Registry]:
    """A registry with a password that all hosts and the tests can reach."""
    with Registry(bed) as started:
        yield started


@pytest.fixture(scope="session")
def base_tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small image with Python, as `docker import` takes it."""
    path = tmp_path_factory.mktemp("image") / "base.tar"
    write_base(path)
    return path
