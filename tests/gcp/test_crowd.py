"""Many at once: nothing is lost, nothing is made twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.gcp.api import ZONE, Api, P, machine

if TYPE_CHECKING:
    from cynthus.testing.gcp import SimulatedCloud

CROWD = 12


def each(api: Api, does: Any) -> list[Any]:
    """What came of doing it by so many, each with a connection of its own."""

    def one(number: int) -> Any:
        client = api.as_("sim-owner")
        try:
            return does(client, number)
        finally:
            client.close()

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(one, range(CROWD)))


def test_one_of_many_makes_what_all_want(room: Api, cloud: SimulatedCloud) -> None:
    def make(client: Api, _: int) -> int:
        return client.post("compute", f"{ZONE}/instances", machine()).status

    assert sorted(each(room, make)) == [200, *[409] * (CROWD - 1)]
    assert len(cloud.instances()) == 1


def test_machines_that_come_at_once_have_addresses_of_their_own(room: Api, cloud: SimulatedCloud) -> None:
    def make(client: Api, number: int) -> Any:
        return client.done(client.post("compute", f"{ZONE}/instances", machine(f"host-{number}")))["status"]

    assert set(each(room, make)) == {"DONE"}
    assert len({found["networkInterfaces"][0]["networkIP"] for found in cloud.instances()}) == CROWD


def test_no_change_of_a_policy_is_lost(api: Api) -> None:
    def join(client: Api, number: int) -> None:
        member = f"user:{number}@example.com"
        while True:
            policy = client.post("resourcemanager", f"{P}:getIamPolicy", {}).body
            policy.setdefault("bindings", []).append({"role": "roles/compute.viewer", "members": [member]})
            if client.post("resourcemanager", f"{P}:setIamPolicy", {"policy": policy}).status == 200:
                return

    each(api, join)
    (binding,) = api.post("resourcemanager", f"{P}:getIamPolicy", {})["bindings"]
    assert set(binding["members"]) == {f"user:{number}@example.com" for number in range(CROWD)}
