"""What the tests of the bed itself ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bed.fixtures import bare_host, base_tar, bed, docker_host, image_registry, make_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bed.beds import Bed
    from tests.bed.host import Host

__all__ = ["bare_host", "base_tar", "bed", "docker_host", "image_registry", "make_hosts"]


@pytest.fixture(scope="module")
def standing(bed: Bed) -> Iterator[Host]:
    """One bare host for all tests of a module that leave it as it is."""
    host = bed.host()
    yield host
    bed.remove(host)
