"""A host that has not even Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ansible.readying import changed, configure
from tests.ansible.repositories import write_deb
from tests.bed import packages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host

pytestmark = [pytest.mark.hosts]
PYTHON = '#!/bin/sh\nexec /usr/bin/python{} "$@"\n'


@pytest.fixture
def host(bed: Bed, docker_host: Host) -> Host:
    """Its package source has one, for the packages that want it."""
    docker_host.run("dpkg", "--force-all", "--purge", "python3", "python3-minimal")
    assert docker_host.run("sh", "-c", "command -v python3").returncode != 0
    archive = docker_host.path("/srv/archive")
    archive.mkdir()
    version = bed.tree.python
    write_deb(archive, "python3", f"{version}.2-2", {"usr/bin/python3": PYTHON.format(version)})
    write_deb(archive, "python3-minimal", f"{version}.2-2")
    packages.index(archive)
    docker_host.path("/etc/apt/sources.list.d/archive.list").write_text("deb [trusted=yes] file:/srv/archive ./\n")
    return docker_host


def test_a_host_gets_the_python_that_everything_else_needs(host: Host, tmp_path: Path) -> None:
    done = changed(configure(tmp_path, host, lingering_wanted=False))
    assert done == ["Install Python", "Note what was not there before", "Let users in"]


def test_a_host_without_python_is_left_as_it_is_by_a_look(host: Host, tmp_path: Path) -> None:
    assert changed(configure(tmp_path, host, survey_only=True)) == []
    assert host.run("sh", "-c", "command -v python3").returncode != 0
