"""A simulated cloud as the place of a rehearsal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.core.gcp import Gcp
from cynthus.errors import PlacementRefused
from cynthus.process import Command, run
from cynthus.targets.gcp.api import Api
from cynthus.targets.gcp.catalog import catalog
from cynthus.testing.gcp.stage import GcpStage, stage
from tests.gcp.api import ZONE as ZONE_PATH
from tests.gcp.api import Api as Server
from tests.gcp.api import furnish, machine
from tests.specs import spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

REAL = {
    "GOOGLE_APPLICATION_CREDENTIALS": "/home/me/key.json",
    "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": "me@real.iam.gserviceaccount.com",
    "GOOGLE_OAUTH_ACCESS_TOKEN": "real-token",
    "CLOUDSDK_CONFIG": "/home/me/gcloud",
    "CLOUDSDK_AUTH_ACCESS_TOKEN": "real-token",
    "GOOGLE_CLOUD_PROJECT": "my-project",
    "HOME": "/home/me",
}
"""What somebody exports who works with a real cloud."""
ZONE = {"zone": "us-central1-a"}


@contextmanager
def played(place: Path, *, environment: Mapping[str, str] = REAL, **keys: Any) -> Iterator[GcpStage]:
    app = spec(**{"target": "gcp", "resources": ZONE, **keys})
    with stage(app, environment, place / "infra", place) as there:
        yield there


def test_nothing_that_leads_to_the_real_cloud_is_handed_on(tmp_path: Path) -> None:
    with played(tmp_path) as there:
        kept = {name: value for name, value in there.environment.items() if value in REAL.values()}
    assert kept == {"HOME": "/home/me", "GOOGLE_CLOUD_PROJECT": "my-project", "GOOGLE_PROJECT": "my-project"}


def test_the_real_clouds_addresses_are_those_of_this_machine(tmp_path: Path) -> None:
    with played(tmp_path) as there:
        ends = {value for name, value in there.environment.items() if name.endswith("_CUSTOM_ENDPOINT")}
    assert ends
    assert all(end.startswith("http://127.0.0.1:") for end in ends)


@pytest.mark.parametrize(
    ("keys", "environment", "project"),
    [
        ({"gcp": {"project": "named-here"}}, REAL, "named-here"),
        ({}, REAL, "my-project"),
        ({}, {}, "rehearsal"),
    ],
    ids=["spec", "environment", "nobody"],
)
def test_the_cloud_project_is_called_as_the_users(
    tmp_path: Path, keys: Mapping[str, object], environment: Mapping[str, str], project: str
) -> None:
    with played(tmp_path, environment=environment, **keys) as there:
        assert there.environment["GOOGLE_CLOUD_PROJECT"] == project


def test_without_a_zone_it_says_what_up_would_say(tmp_path: Path) -> None:
    with pytest.raises(PlacementRefused, match="nobody says in which region or zone"), played(tmp_path, resources={}):
        pass


@pytest.mark.parametrize(
    ("gcp", "subnetwork"),
    [({"network": "theirs"}, "theirs"), ({"network": "theirs", "subnetwork": "part"}, "part")],
    ids=["network", "subnetwork"],
)
def test_a_network_that_is_there_is_there(tmp_path: Path, gcp: Mapping[str, str], subnetwork: str) -> None:
    with played(tmp_path, gcp=gcp) as there:
        api = Api(there.environment)
        network = api.ask("GET", "compute", "projects/my-project/global/networks/theirs")
        part = api.ask("GET", "compute", f"projects/my-project/regions/us-central1/subnetworks/{subnetwork}")
    assert part["network"] == network["selfLink"]


def test_what_stands_is_told_with_what_a_machine_is(tmp_path: Path) -> None:
    with played(tmp_path, gcp={"project": "rehearsal"}) as there:
        make_machine(there)
        lines = there.standing()
    machines, others = lines
    assert machines == "demo-host-0: e2-standard-4 in us-central1-a, running"
    assert others == "1 network, 1 subnetwork, 1 account, 1 disk"


def test_what_was_there_before_is_not_told(tmp_path: Path) -> None:
    with played(tmp_path, gcp={"network": "theirs"}) as there:
        assert there.standing() == ()


def test_what_it_would_have_cost_is_by_the_clock_of_that_cloud(tmp_path: Path) -> None:
    with played(tmp_path, gcp={"project": "rehearsal"}) as there:
        make_machine(there, kind="g2-standard-4", scheduling={"onHostMaintenance": "TERMINATE"})
        there.cloud.advance(3600)
        (machine,) = (each for each in catalog().machines if each.type == "g2-standard-4")
        price = machine.price("us-central1", "on-demand")
        assert price
        assert there.cost() == pytest.approx(price, rel=0.01)


def test_the_state_stays_in_the_rehearsal(tmp_path: Path) -> None:
    app = spec(gcp={"state": "gs://states/here", "access": "internal"})
    with played(tmp_path) as there:
        assert there.rehearsed(app).gcp == Gcp(access="internal")


def test_the_key_that_machines_are_told_of_is_one_that_ssh_reads(tmp_path: Path) -> None:
    with played(tmp_path) as there:
        gcp = there.known_now(spec()).gcp
    assert gcp is not None
    assert gcp.key is not None
    answer = run(Command(("ssh-keygen", "-l", "-f", f"{gcp.key}.pub")))
    assert b"(ED25519)" in answer.stdout, answer


def make_machine(there: GcpStage, **changes: Any) -> None:
    """As Terraform would."""
    api = Server(there.cloud.endpoint)
    furnish(api)
    api.done(api.post("compute", f"{ZONE_PATH}/instances", machine(**changes)))
    api.close()
