"""Who may enter a machine, and from where."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.testing.gcp import OWNER, Login, Machine, SimulatedCloud
from cynthus.testing.gcp.outside import lets_in
from cynthus.testing.gcp.people import logins
from tests.gcp.api import ACCOUNT, ZONE, Api, P, furnish, machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5vYm9keSBoYXMgdGhlIG90aGVyIGhhbGYgb2YgaXQh"
ONE = f"{ZONE}/instances/demo-host-0"
PUBLIC: dict[str, Any] = {
    "networkInterfaces": [{"subnetwork": f"{P}/regions/us-central1/subnetworks/sub", "accessConfigs": [{}]}]
}


def items(**told: str) -> dict[str, Any]:
    return {"metadata": {"items": [{"key": key.replace("_", "-"), "value": value} for key, value in told.items()]}}


def start(api: Api, **changes: Any) -> Any:
    return api.done(api.post("compute", f"{ZONE}/instances", machine(**changes)))


def imported(api: Api, **more: object) -> Any:
    return api.post("oslogin", f"users/{OWNER}:importSshPublicKey", {"key": KEY, **more})


def entered(cloud: SimulatedCloud) -> tuple[Login, ...]:
    return logins(cloud.world, ONE)


def rule(api: Api, name: str, **body: Any) -> None:
    allowed = {"allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}
    whole = {"name": name, "network": f"{P}/global/networks/net", **(allowed if "denied" not in body else {}), **body}
    api.done(api.post("compute", f"{P}/global/firewalls", whole))


# by keys, and by roles


def test_without_os_login_keys_of_the_metadata_count(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **items(ssh_keys=f"anna:{KEY}\nbob:{KEY}"))
    imported(room)
    assert entered(cloud) == (Login("anna", (KEY,), root=True), Login("bob", (KEY,), root=True))


def test_with_it_they_do_not_and_profiles_do(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **items(ssh_keys=f"anna:{KEY}", enable_oslogin="TRUE"))
    imported(room)
    assert entered(cloud) == (Login("owner_example_com", (KEY,), root=True),)


def test_a_machine_that_says_nothing_does_as_the_project(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **items(ssh_keys=f"anna:{KEY}"))
    cloud.project.metadata = {"enable-oslogin": "TRUE"}
    assert entered(cloud) == ()


def test_a_machines_own_word_counts_more(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **items(ssh_keys=f"anna:{KEY}", enable_oslogin="FALSE"))
    cloud.project.metadata = {"enable-oslogin": "TRUE"}
    assert [each.user for each in entered(cloud)] == ["anna"]


def test_a_key_whose_time_is_over_opens_nothing(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **items(enable_oslogin="TRUE"))
    imported(room, expirationTimeUsec=str(int((cloud.clock.timestamp() + 60) * 1e6)))
    assert entered(cloud)[0].keys == (KEY,)
    cloud.advance(61)
    assert entered(cloud)[0].keys == ()


@pytest.mark.parametrize("permission", ["compute.instances.osLogin", "iam.serviceAccounts.actAs"])
def test_who_lacks_a_role_is_nobody_there(room: Api, cloud: SimulatedCloud, permission: str) -> None:
    start(room, **items(enable_oslogin="TRUE"))
    imported(room)
    cloud.deny(OWNER, permission)
    assert entered(cloud) == ()


def test_who_may_log_in_only_is_not_root(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **items(enable_oslogin="TRUE"))
    imported(room)
    cloud.deny(OWNER, "compute.instances.osAdminLogin")
    assert [each.root for each in entered(cloud)] == [False]


def test_a_role_on_the_one_machine_is_enough(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **items(enable_oslogin="TRUE"), serviceAccounts=[])
    cloud.token("anna", "anna@example.com")
    anna = room.as_("anna")
    anna.post("oslogin", "users/anna@example.com:importSshPublicKey", {"key": KEY})
    bindings = [{"role": "roles/compute.osLogin", "members": ["user:anna@example.com"]}]
    room.post("compute", f"{ONE}/setIamPolicy", {"policy": {"bindings": bindings}})
    assert Login("anna_example_com", (KEY,), root=False) in entered(cloud)


# profiles


def test_nobody_has_a_name_before_their_first_key(api: Api) -> None:
    assert "posixAccounts" not in api.get("oslogin", f"users/{OWNER}/loginProfile").body
    assert imported(api)["loginProfile"]["posixAccounts"][0]["username"] == "owner_example_com"


def test_nobody_has_another_ones_profile(api: Api) -> None:
    assert api.get("oslogin", "users/anna@example.com/loginProfile").status == 403


def test_the_same_key_again_is_the_same_key(api: Api) -> None:
    for _ in range(2):
        found = imported(api)["loginProfile"]["sshPublicKeys"]
    assert len(found) == 1


def test_a_key_can_be_given_another_end_and_be_removed(api: Api) -> None:
    (key,) = imported(api)["loginProfile"]["sshPublicKeys"].values()
    ends = {"expirationTimeUsec": "4102444800000000"}
    changed = api.ask("PATCH", "oslogin", key["name"], ends, updateMask="expirationTimeUsec")
    assert changed["expirationTimeUsec"] == ends["expirationTimeUsec"]
    assert api.delete("oslogin", key["name"]).status == 200
    assert api.get("oslogin", key["name"]).status == 404


def test_a_profile_that_is_full_takes_no_more(api: Api) -> None:
    replies = [imported(api, key=f"ssh-rsa {number:04}{'A' * 4000} x") for number in range(10)]
    assert (replies[0].status, replies[-1].status) == (200, 400)
    assert replies[-1].message.startswith("Login profile size exceeds 32 KiB.")


# policies


def test_a_policy_that_requires_os_login_takes_no_machine_without(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.constraints = ["compute.requireOsLogin"]
    reply = room.post("compute", f"{ZONE}/instances", machine(**items(enable_oslogin="FALSE")))
    assert (reply.status, "constraints/compute.requireOsLogin violated" in reply.message) == (412, True)


def test_a_policy_against_public_addresses_takes_no_machine_with_one(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.constraints = ["compute.vmExternalIpAccess"]
    reply = room.post("compute", f"{ZONE}/instances", machine(**PUBLIC))
    assert (reply.status, "constraints/compute.vmExternalIpAccess violated" in reply.message) == (412, True)


# from outside


def test_each_machine_has_an_address_of_its_own(room: Api, cloud: SimulatedCloud) -> None:
    for name in ("demo-host-0", "demo-host-1"):
        start(room, name=name, **PUBLIC)
    given = [each["networkInterfaces"][0]["accessConfigs"][0]["natIP"] for each in cloud.instances()]
    assert given == ["198.51.100.1", "198.51.100.2"]


def test_addresses_have_a_quota(room: Api, cloud: SimulatedCloud) -> None:
    cloud.project.set_limit("IN_USE_ADDRESSES", 1)
    start(room, **PUBLIC)
    ended = start(room, name="demo-host-1", **PUBLIC)
    assert ended["error"]["errors"][0]["message"].startswith("Quota 'IN_USE_ADDRESSES' exceeded.")


def test_without_a_rule_nobody_is_let_in(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **PUBLIC)
    assert not lets_in(cloud.world, ONE, "203.0.113.7")


def test_a_rule_lets_its_range_in_to_its_ports(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **PUBLIC)
    rule(room, "ssh", sourceRanges=["203.0.113.0/24"], targetServiceAccounts=[ACCOUNT])
    found = [lets_in(cloud.world, ONE, *who) for who in (("203.0.113.7",), ("203.0.114.7",), ("203.0.113.7", 80))]
    assert found == [True, False, False]


def test_a_rule_for_others_lets_nobody_in_here(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **PUBLIC)
    rule(room, "ssh", sourceRanges=["203.0.113.0/24"], targetServiceAccounts=[f"other-{ACCOUNT}"])
    assert not lets_in(cloud.world, ONE, "203.0.113.7")


def test_of_two_rules_the_lower_number_counts(room: Api, cloud: SimulatedCloud) -> None:
    start(room, **PUBLIC)
    rule(room, "no", sourceRanges=["0.0.0.0/0"], denied=[{"IPProtocol": "all"}], priority=900)
    rule(room, "ssh", sourceRanges=["203.0.113.0/24"])
    assert not lets_in(cloud.world, ONE, "203.0.113.7")


class Echo:
    """A driver whose hosts say what they hear."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._answer, daemon=True).start()

    def boot(self, instance: Machine) -> str:
        return instance.address

    def stop(self, name: str) -> None:
        """It is there for all of them."""

    def door(self, name: str) -> tuple[str, int]:
        address: tuple[str, int] = self._listening.getsockname()
        return address

    def _answer(self) -> None:
        while True:
            line, _ = self._listening.accept()
            # Whoever was let in may have left already.
            with line, suppress(OSError):
                line.sendall(line.recv(100))


@pytest.fixture
def open_cloud(tmp_path: Path) -> Iterator[SimulatedCloud]:
    """Whose public addresses are of this machine."""
    if os.geteuid():
        pytest.skip("the port of SSH takes root")
    simulated = SimulatedCloud(tmp_path / "open", driver=Echo(), addresses=f"127.78.{os.getpid() % 250}.0/24")
    with simulated.serving():
        yield simulated


def test_an_address_answers_whom_the_firewall_lets_in_and_nobody_else(open_cloud: SimulatedCloud) -> None:
    api = Api(open_cloud.endpoint)
    furnish(api)
    start(api, **PUBLIC)
    rule(api, "ssh", sourceRanges=["127.0.0.1/32"])
    address = open_cloud.instances()[0]["networkInterfaces"][0]["accessConfigs"][0]["natIP"]
    assert said(address, "127.0.0.1") == b"hello"
    assert said(address, "127.0.0.2") == b""
    api.done(api.post("compute", f"{ONE}/deleteAccessConfig"))
    with pytest.raises(ConnectionRefusedError):
        said(address, "127.0.0.1")
    api.close()


def said(address: str, source: str) -> bytes:
    """What is answered to somebody from there; nothing where nobody answers for a while."""
    with socket.create_connection((address, 22), timeout=2, source_address=(source, 0)) as line:
        line.sendall(b"hello")
        try:
            return line.recv(100)
        except TimeoutError:
            return b""
