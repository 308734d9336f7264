"""A simulated cloud for the tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.testing.gcp import SimulatedCloud
from tests.bed.fixtures import base_tar, bed
from tests.gcp.api import Api, furnish
from tests.gcp.yard import ID, Yard
from tests.terraform.google import google

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["base_tar", "bed", "google"]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[SimulatedCloud]:
    """An empty one, that answers."""
    simulated = SimulatedCloud(tmp_path / "cloud")
    with simulated.serving():
        yield simulated


@pytest.fixture
def api(cloud: SimulatedCloud) -> Iterator[Api]:
    """As its owner."""
    client = Api(cloud.endpoint)
    yield client
    client.close()


@pytest.fixture
def room(api: Api) -> Api:
    """As its owner, with a network, a subnetwork and a service account there."""
    furnish(api)
    return api


@pytest.fixture
def yard(tmp_path: Path, cloud: SimulatedCloud, api: Api, monkeypatch: pytest.MonkeyPatch) -> Yard:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return Yard(tmp_path, cloud, api)


@pytest.fixture
def orphan(yard: Yard) -> Yard:
    """All of a deployment that no record claims, of the day before."""
    yard.estate.deployment(ID)
    yard.later(days=1)
    return yard
