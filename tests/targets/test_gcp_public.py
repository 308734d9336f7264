"""Public addresses: the firewall is opened for who comes from elsewhere by now, and for nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import NotPermitted
from cynthus.targets.gcp.public import open_to
from cynthus.testing.gcp import OWNER, SimulatedCloud
from tests.gcp.api import Api as Client
from tests.gcp.api import P
from tests.gcp.estate import Estate
from tests.targets.gcp_cloud import api
from tests.targets.gcp_user import spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.spec import AppSpec

ID = "weather-0a1b2c"
RULE = f"{P}/global/firewalls/{ID}-ssh"
OLD, NEW = "10.0.0.0/8", "203.0.113.7/32"
PUBLIC = spec(gcp={"access": "public", "from": NEW})


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[SimulatedCloud]:
    """With the network of a deployment, that lets in who comes from OLD."""
    simulated = SimulatedCloud(tmp_path / "cloud")
    with simulated.serving():
        client = Client(simulated.endpoint)
        Estate(client).network(ID)
        client.close()
        yield simulated


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What was rendered for it."""
    told = {"deployment": ID, "project": "rehearsal", "access": "public"}
    (tmp_path / "terraform.tfvars.json").write_text(json.dumps(told))
    return tmp_path


def ranges(cloud: SimulatedCloud) -> list[str]:
    client = Client(cloud.endpoint)
    found: list[str] = client.get("compute", RULE)["sourceRanges"]
    client.close()
    return found


def test_a_new_range_is_let_in_in_place_of_the_old_one(cloud: SimulatedCloud, root: Path) -> None:
    assert open_to(api(cloud), ID, PUBLIC, root) == NEW
    assert ranges(cloud) == [NEW]


def test_the_same_range_again_changes_nothing(cloud: SimulatedCloud, root: Path) -> None:
    open_to(api(cloud), ID, PUBLIC, root)
    before = [each for each in cloud.requests if each.method != "GET"]
    assert open_to(api(cloud), ID, PUBLIC, root) == ""
    assert [each for each in cloud.requests if each.method != "GET"] == before


@pytest.mark.parametrize("app", [spec(), spec(gcp={"access": "internal"})])
def test_any_other_way_in_is_terraforms(cloud: SimulatedCloud, root: Path, app: AppSpec) -> None:
    assert open_to(api(cloud), ID, app, root) == ""
    assert ranges(cloud) == [OLD]


def test_what_was_not_public_before_is_terraforms_to_open(cloud: SimulatedCloud, root: Path) -> None:
    (root / "terraform.tfvars.json").write_text(json.dumps({"project": "rehearsal", "access": "iap"}))
    assert open_to(api(cloud), ID, PUBLIC, root) == ""
    assert ranges(cloud) == [OLD]


def test_a_rule_without_our_mark_is_somebody_elses(cloud: SimulatedCloud, root: Path) -> None:
    client = Client(cloud.endpoint)
    client.done(client.ask("PATCH", "compute", RULE, {"description": "mine"}))
    client.close()
    assert open_to(api(cloud), ID, PUBLIC, root) == ""
    assert ranges(cloud) == [OLD]


def test_a_rule_that_is_not_there_is_terraforms_to_make(cloud: SimulatedCloud, root: Path) -> None:
    client = Client(cloud.endpoint)
    client.done(client.delete("compute", RULE))
    client.close()
    assert open_to(api(cloud), ID, PUBLIC, root) == ""


def test_who_may_not_change_it_is_told(cloud: SimulatedCloud, root: Path) -> None:
    cloud.deny(OWNER, "compute.firewalls.update")
    with pytest.raises(NotPermitted) as caught:
        open_to(api(cloud), ID, PUBLIC, root)
    assert "roles/compute.securityAdmin" in caught.value.hint
