"""A simulated cloud as the place of a rehearsal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.core.gcp import Gcp
from cynthus.errors import PlacementRefused, UsageError
from cynthus.process import Command, run
from cynthus.targets.gcp.api import Api
from cynthus.targets.gcp.catalog import catalog
from cynthus.testing.gcp import NoHosts
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
BOOTS = "tests.gcp.test_stage:Rooms"


@contextmanager
def played(
    place: Path, *, environment: Mapping[str, str] = REAL, hosts: str = "", **keys: Any
) -> Iterator[GcpStage]:
    app = spec(**{"target": "gcp", "resources": ZONE, **keys})
    with stage(app, environment, place / "infra", place, hosts) as there:
        yield there


class Rooms(NoHosts):
    """A driver with a door for each machine, whatever is behind it. It is open from when it is made."""

    opened: ClassVar[list[str]] = []

    def __init__(self) -> None:
        self.opened.append("open")

    def door(self, name: str) -> tuple[str, int]:
        return "127.0.0.1", 22

    def close(self) -> None:
        self.opened.remove("open")


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
    tmp_path: Path, keys: Mapping[str, Any], environment: Mapping[str, str], project: str
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


def test_hosts_that_know_nobodys_roles_are_told_the_key(tmp_path: Path) -> None:
    app = spec(target="gcp", gcp={"login": "oslogin"})
    with played(tmp_path, hosts=BOOTS) as there:
        known, beside = there.known_now(app).gcp, there.beside("compute")["zz_rehearsal.auto.tfvars.json"]
    assert known is not None
    assert (known.login, '"login": "metadata"' in beside) == ("metadata", True)


def test_its_key_goes_where_terraform_says_which_key_opens_the_machines(tmp_path: Path) -> None:
    with played(tmp_path, hosts=BOOTS) as there:
        assert f'"{tmp_path}/key"' in there.beside("compute")["zz_rehearsal.auto.tfvars.json"]
        assert set(there.beside("base")) == {"zz_rehearsal_override.tf"}


def test_hosts_without_gpus_are_not_searched_for_any(tmp_path: Path) -> None:
    with played(tmp_path, hosts=BOOTS) as there:
        assert "gpus = 0" in there.beside("compute")["zz_rehearsal_override.tf"]
        assert "gpus = 0" not in there.beside("base")["zz_rehearsal_override.tf"]


def test_where_nothing_boots_the_hosts_are_told_of_as_they_would_be(tmp_path: Path) -> None:
    with played(tmp_path) as there:
        assert there.beside("compute") == there.beside("base")


def test_without_hosts_nobody_has_the_other_half_of_the_key(tmp_path: Path) -> None:
    with played(tmp_path) as there:
        assert not there.boots
        assert not (tmp_path / "key").exists()


def test_with_hosts_the_key_is_a_whole_one(tmp_path: Path) -> None:
    with played(tmp_path, hosts=BOOTS) as there:
        assert there.boots
        answer = run(Command(("ssh-keygen", "-y", "-f", str(tmp_path / "key"))))
    assert answer.stdout.split()[:2] == (tmp_path / "key.pub").read_bytes().split()[:2], answer


def test_with_hosts_the_proxy_of_the_cloud_leads_to_them(tmp_path: Path) -> None:
    with played(tmp_path, hosts=BOOTS, environment={"PATH": "/usr/bin"}) as there:
        make_machine(there)
        assert there.cloud.world.machines.door("demo-host-0") == ("127.0.0.1", 22)
        assert there.cloud.relay is not None
        assert there.environment["CYNTHUS_GOOGLE_IAP"] == there.cloud.relay.url


def test_what_boots_hosts_is_open_no_longer_than_the_stage(tmp_path: Path) -> None:
    with played(tmp_path, hosts=BOOTS):
        assert Rooms.opened == ["open"]
    assert Rooms.opened == []


def test_a_driver_that_says_no_way_to_its_hosts_is_refused(tmp_path: Path) -> None:
    wrong = pytest.raises(UsageError, match="NoHosts has no `door`")
    with wrong, played(tmp_path, hosts="cynthus.testing.gcp:NoHosts"):
        pass


@pytest.mark.parametrize(
    ("way", "here"),
    [
        (ConnectionInfo("iap", project="p", zone="z"), True),
        (ConnectionInfo("ssh"), False),
        (ConnectionInfo("iap", project="p", zone="z", proxy_jump="somewhere"), False),
        (ConnectionInfo("local"), False),
    ],
)
def test_only_the_proxy_of_that_cloud_leads_to_its_machines(tmp_path: Path, way: ConnectionInfo, *, here: bool) -> None:
    with played(tmp_path) as there:
        assert there.leads_here(Host("host-0", "10.0.0.2", "10.0.0.2", "cynthus", 22, 0, way)) is here


def make_machine(there: GcpStage, **changes: Any) -> None:
    """As Terraform would."""
    api = Server(there.cloud.endpoint)
    furnish(api)
    api.done(api.post("compute", f"{ZONE_PATH}/instances", machine(**changes)))
    api.close()
