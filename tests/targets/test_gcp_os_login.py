"""Who somebody is on machines that let people in by their roles, and how their key comes into their profile."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.errors import HostUnreachable, NotPermitted
from cynthus.targets.gcp.os_login import LASTS, RENEWED, OsLogin, by_role
from cynthus.testing.clock import FakeClock
from cynthus.testing.gcp import OWNER, Fault, SimulatedCloud
from tests.gcp.api import ACCOUNT, P
from tests.gcp.api import Api as Client
from tests.targets.gcp_cloud import api, machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.deployment import Host

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5vYm9keSBoYXMgdGhlIG90aGVyIGhhbGYgb2YgaXQh"
NAME = "owner_example_com"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[SimulatedCloud]:
    simulated = SimulatedCloud(tmp_path / "cloud")
    with simulated.serving():
        yield simulated


@pytest.fixture
def host(cloud: SimulatedCloud, tmp_path: Path) -> Host:
    (tmp_path / "lab.pub").write_text(f"{KEY} ann@desk\n")
    made = machine(cloud)
    return replace(made, user=None, connection=replace(made.connection, key=str(tmp_path / "lab")))


def logins(cloud: SimulatedCloud, clock: FakeClock | None = None, **environment: str) -> OsLogin:
    told = {**cloud.environment(), **environment}
    return OsLogin(api(cloud, **environment), told, clock or FakeClock(cloud.clock))


def imports(cloud: SimulatedCloud) -> int:
    return sum("importSshPublicKey" in each.path for each in cloud.requests)


def refused(cloud: SimulatedCloud, host: Host, root: Path, **environment: str) -> HostUnreachable:
    with pytest.raises(HostUnreachable) as caught:
        logins(cloud, None, **environment).user(host, root)
    return caught.value


def test_the_name_is_that_of_the_profile(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    assert logins(cloud).user(host, tmp_path) == NAME


def test_the_key_is_there_for_a_day(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    logins(cloud).user(host, tmp_path)
    client = Client(cloud.endpoint)
    (key,) = client.get("oslogin", f"users/{OWNER}/loginProfile")["sshPublicKeys"].values()
    client.close()
    ends = int(key["expirationTimeUsec"]) / 1e6 - cloud.clock.timestamp()
    assert (key["key"], ends == pytest.approx(LASTS.total_seconds(), abs=60)) == (f"{KEY} ann@desk", True)


def test_a_key_that_is_there_is_not_brought_again(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    for _ in range(3):
        logins(cloud).user(host, tmp_path)
    assert imports(cloud) == 1


def test_nobody_is_asked_twice_by_one_command(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    asked = logins(cloud)
    asked.user(host, tmp_path)
    before = len(cloud.requests)
    assert asked.user(host, tmp_path) == NAME
    assert len(cloud.requests) == before


def test_who_follows_for_long_has_a_key_that_is_renewed(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    clock = FakeClock(cloud.clock)
    asked = logins(cloud, clock)
    asked.user(host, tmp_path)
    clock.advance((RENEWED + timedelta(minutes=1)).total_seconds())
    asked.user(host, tmp_path)
    assert imports(cloud) == 2


def test_a_key_without_an_end_is_its_owners_and_stays_so(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    client = Client(cloud.endpoint)
    client.post("oslogin", f"users/{OWNER}:importSshPublicKey", {"key": KEY})
    client.close()
    assert logins(cloud).user(host, tmp_path) == NAME
    assert imports(cloud) == 1


def test_an_account_that_is_acted_as_has_a_name_of_its_own(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    token = f"sim-{ACCOUNT}"
    cloud.token(token, ACCOUNT, "roles/owner")
    client = Client(cloud.endpoint)
    unique = client.get("iam", f"{P}/serviceAccounts/{ACCOUNT}")["uniqueId"]
    client.close()
    assert logins(cloud, GOOGLE_OAUTH_ACCESS_TOKEN=token).user(host, tmp_path) == f"sa_{unique}"


@pytest.mark.parametrize(
    ("permissions", "message", "role"),
    [
        (("compute.instances.osLogin", "compute.instances.osAdminLogin"), "asks for a role", "compute.osAdminLogin"),
        (("iam.serviceAccounts.actAs",), "you may not act as", "iam.serviceAccountUser"),
    ],
)
def test_a_role_that_is_missing_is_told_before_the_door(
    cloud: SimulatedCloud, host: Host, tmp_path: Path, permissions: tuple[str, ...], message: str, role: str
) -> None:
    (tmp_path / "terraform.tfvars.json").write_text(json.dumps({"deployment": "machine"}))
    cloud.deny(OWNER, *permissions)
    found = refused(cloud, host, tmp_path)
    assert (message in found.message, f"roles/{role}" in found.hint, found.closed) == (True, True, True), found.hint
    assert imports(cloud) == 0


def test_who_need_not_be_root_gets_in_with_the_smaller_role(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    cloud.deny(OWNER, "compute.instances.osAdminLogin")
    asked = logins(cloud)
    assert asked.user(host, tmp_path) == NAME
    with pytest.raises(NotPermitted, match="not become root") as caught:
        asked.insist_on_root(host)
    assert "roles/compute.osAdminLogin" in caught.value.hint


def test_somebody_from_outside_hears_which_role_an_organisation_gives(
    cloud: SimulatedCloud, host: Host, tmp_path: Path
) -> None:
    cloud.project.organisation = "example.org"
    cloud.deny(OWNER, "compute.oslogin.updateExternalUser")
    found = refused(cloud, host, tmp_path)
    assert "an organisation that you do not belong to" in found.message
    assert "roles/compute.osLoginExternalUser" in found.hint


def test_somebody_from_outside_who_has_it_has_another_name(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    cloud.project.organisation = "example.org"
    assert logins(cloud).user(host, tmp_path) == f"ext_{NAME}"


def test_who_may_not_name_the_project_that_asks_gets_in_without(
    cloud: SimulatedCloud, host: Host, tmp_path: Path
) -> None:
    cloud.deny(OWNER, "serviceusage.services.use")
    assert logins(cloud).user(host, tmp_path) == NAME


def test_who_may_name_it_does(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    logins(cloud).user(host, tmp_path)
    assert "serviceusage.services.use" in cloud.permissions(OWNER)


def test_an_api_that_is_off_is_told_with_the_command_that_enables_it(
    cloud: SimulatedCloud, host: Host, tmp_path: Path
) -> None:
    cloud.project.disable("oslogin.googleapis.com")
    found = refused(cloud, host, tmp_path)
    assert "the Cloud OS Login API is not enabled in the cloud project rehearsal" in found.message
    assert "oslogin.googleapis.com --project=rehearsal" in found.hint


def test_a_token_that_says_not_whose_it_is_is_told_to_be_one(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    cloud.forget("sim-owner")
    found = refused(cloud, host, tmp_path)
    assert "does not say whose these credentials are" in found.message
    assert "gcloud auth application-default login" in found.hint


def test_silence_of_googles_may_pass_and_a_refusal_does_not(cloud: SimulatedCloud, host: Host, tmp_path: Path) -> None:
    away = {"CYNTHUS_GOOGLE_API": "http://127.0.0.1:9"}
    assert not refused(cloud, host, tmp_path, **away).closed
    cloud.faults.plan(Fault(403), path="loginProfile")
    assert refused(cloud, host, tmp_path).closed


def test_a_machine_that_names_its_user_is_entered_as_that(cloud: SimulatedCloud, host: Host) -> None:
    assert (by_role(host), by_role(replace(host, user="cynthus"))) == (True, False)
