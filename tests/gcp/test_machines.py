"""What stands behind instances: a driver, and the metadata server that a machine sees."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cynthus.testing.gcp import BootFailed, Machine, OperationFault, SimulatedCloud
from tests.gcp.api import ACCOUNT, L4, ZONE, Api, furnish, machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSTANCES = f"{ZONE}/instances"
ONE = f"{INSTANCES}/demo-host-0"
KEYS = {"items": [{"key": "ssh-keys", "value": "anna:ssh-ed25519 AAAA anna"}, {"key": "a", "value": "b"}]}


class Hosts:
    """A driver that remembers, and has a metadata server for each machine."""

    def __init__(self) -> None:
        self.booted: list[Machine] = []
        self.stopped: list[str] = []
        self.metadata: dict[str, str] = {}
        self.failure = ""
        self.go = threading.Event()
        self.go.set()

    def boot(self, instance: Machine) -> str:
        self.go.wait(10)
        if self.failure:
            raise BootFailed(self.failure)
        self.booted.append(instance)
        self.metadata[instance.name] = instance.serve_metadata(("127.0.0.1", 0))
        return "192.0.2.7"

    def stop(self, name: str) -> None:
        self.stopped.append(name)


@pytest.fixture
def hosts() -> Hosts:
    return Hosts()


@pytest.fixture
def cloud(tmp_path: Path, hosts: Hosts) -> Iterator[SimulatedCloud]:
    simulated = SimulatedCloud(tmp_path / "cloud", driver=hosts)
    with simulated.serving():
        yield simulated


def start(api: Api, **changes: Any) -> object:
    return api.done(api.post("compute", INSTANCES, machine(metadata=KEYS, **changes)))


def ask(hosts: Hosts, path: str, flavor: str = "Google", **query: str) -> requests.Response:
    url = f"{hosts.metadata['demo-host-0']}/computeMetadata/v1/{path}"
    return requests.get(url, headers={"Metadata-Flavor": flavor}, params=query, timeout=20)


def test_a_driver_is_told_all_about_a_machine(room: Api, hosts: Hosts) -> None:
    start(room)
    (told,) = hosts.booted
    assert (told.name, told.zone, told.project, told.service_account) == (
        "demo-host-0",
        "us-central1-a",
        "rehearsal",
        ACCOUNT,
    )
    assert told.metadata == {"ssh-keys": "anna:ssh-ed25519 AAAA anna", "a": "b"}


def test_the_address_is_the_hosts(room: Api, hosts: Hosts) -> None:
    start(room)
    assert room.get("compute", ONE)["networkInterfaces"][0]["networkIP"] == "192.0.2.7"


def test_an_operation_waits_for_the_host(room: Api, hosts: Hosts) -> None:
    hosts.go.clear()
    begun = room.post("compute", INSTANCES, machine())
    path = f"{ZONE}/operations/{begun['name']}"
    assert (room.get("compute", path)["status"], room.get("compute", ONE)["status"]) == ("RUNNING", "PROVISIONING")
    hosts.go.set()
    assert room.post("compute", f"{path}/wait")["status"] == "DONE"


def test_a_host_that_does_not_boot_is_told_of(room: Api, hosts: Hosts, cloud: SimulatedCloud) -> None:
    hosts.failure = "no more hosts"
    done = room.done(room.post("compute", INSTANCES, machine()))
    assert done["error"]["errors"][0]["message"] == "no more hosts"
    assert cloud.instances() == []


def test_a_machine_that_is_dark_is_not_booted(room: Api, hosts: Hosts, cloud: SimulatedCloud) -> None:
    cloud.faults.plan(OperationFault(dark="no sshd"), path="/instances$", method="POST")
    start(room)
    assert hosts.booted == []


def test_the_host_goes_with_the_machine(room: Api, hosts: Hosts) -> None:
    start(room)
    room.done(room.delete("compute", ONE))
    assert hosts.stopped == ["demo-host-0"]
    with pytest.raises(requests.ConnectionError):
        ask(hosts, "instance/name")


def test_the_host_goes_when_time_is_up(room: Api, hosts: Hosts, cloud: SimulatedCloud) -> None:
    start(room, **{**L4, "scheduling": {**L4["scheduling"], "maxRunDuration": {"seconds": 600}}})
    cloud.advance(601)
    wait_for(lambda: hosts.stopped == ["demo-host-0"])


def test_a_reset_boots_again(room: Api, hosts: Hosts) -> None:
    start(room)
    room.done(room.post("compute", f"{ONE}/reset"))
    wait_for(lambda: len(hosts.booted) == 2)
    assert hosts.stopped == ["demo-host-0"]


def test_hosts_are_booted_side_by_side(room: Api, hosts: Hosts) -> None:
    hosts.go.clear()
    for number in range(3):
        room.post("compute", INSTANCES, machine(f"host-{number}"))
    hosts.go.set()
    wait_for(lambda: len(hosts.booted) == 3)


def test_a_cloud_that_comes_again_has_its_hosts_again(tmp_path: Path, hosts: Hosts) -> None:
    first = SimulatedCloud(tmp_path / "other", driver=Hosts())
    with first.serving() as endpoint:
        api = Api(endpoint)
        furnish(api)
        start(api)
        api.close()
    again = SimulatedCloud(tmp_path / "other", driver=hosts)
    with again.serving():
        wait_for(lambda: [each.name for each in hosts.booted] == ["demo-host-0"])


# what a machine sees


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("instance/name", "demo-host-0"),
        ("instance/zone", "projects/533005541/zones/us-central1-a"),
        ("instance/attributes/a", "b"),
        ("instance/preempted", "FALSE"),
        ("instance/maintenance-event", "NONE"),
        ("instance/service-accounts/default/email", ACCOUNT),
        (f"instance/service-accounts/{ACCOUNT}/scopes", "https://www.googleapis.com/auth/cloud-platform"),
        ("instance/attributes/", "ssh-keys\na\n"),
        ("project/project-id", "rehearsal"),
    ],
)
def test_a_machine_sees_what_it_is(room: Api, hosts: Hosts, path: str, value: str) -> None:
    start(room)
    given = ask(hosts, path)
    assert (given.status_code, given.text, given.headers["Metadata-Flavor"]) == (200, value, "Google")


def test_the_number_that_a_machine_sees_is_the_resources(room: Api, hosts: Hosts) -> None:
    start(room)
    assert ask(hosts, "instance/id").text == room.get("compute", ONE)["id"]


def test_the_token_of_a_machine_is_its_accounts(room: Api, hosts: Hosts) -> None:
    start(room)
    token = ask(hosts, "instance/service-accounts/default/token").json()["access_token"]
    reply = room.as_(token).get("compute", ONE)
    assert (reply.status, "compute.instances.get" in reply.message) == (403, True)


def test_who_does_not_say_google_is_told_nothing(room: Api, hosts: Hosts) -> None:
    start(room)
    assert ask(hosts, "instance/name", "").status_code == 403


def test_what_is_not_known_is_not_found(room: Api, hosts: Hosts) -> None:
    start(room)
    assert [ask(hosts, path).status_code for path in ("instance/none", "instance/name/more")] == [404, 404]


def test_a_tree_is_given_whole(room: Api, hosts: Hosts) -> None:
    start(room)
    assert ask(hosts, "instance/attributes/", recursive="true").json()["a"] == "b"


def test_who_waits_is_told_at_once_that_the_machine_must_go(room: Api, hosts: Hosts, cloud: SimulatedCloud) -> None:
    start(room, **L4)
    tag = ask(hosts, "instance/preempted").headers["ETag"]
    timer = threading.Timer(0.2, cloud.preempt, ("demo-host-0",))
    timer.start()
    began = time.monotonic()
    given = ask(hosts, "instance/preempted", wait_for_change="true", last_etag=tag, timeout_sec="10")
    timer.join()
    assert (given.text, time.monotonic() - began < 5) == ("TRUE", True)


def test_who_waits_in_vain_is_answered_in_the_end(room: Api, hosts: Hosts) -> None:
    start(room, **L4)
    given = ask(hosts, "instance/preempted", wait_for_change="true", timeout_sec="0.2")
    assert given.text == "FALSE"


def wait_for(holds: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]  # a lambda
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
