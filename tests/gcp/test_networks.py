"""Networks, subnetworks, firewall rules and routers, as strict as Google's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gcp.api import REGION, P, machine

if TYPE_CHECKING:
    from tests.gcp.api import Api

NETWORKS = f"{P}/global/networks"


def test_an_operation_is_begun_and_done(api: Api) -> None:
    begun = api.post("compute", NETWORKS, {"name": "net"})
    assert (begun["kind"], begun["status"], begun["operationType"]) == ("compute#operation", "RUNNING", "insert")
    done = api.get("compute", f"{P}/global/operations/{begun['name']}")
    assert (done["status"], done["progress"], done["targetLink"].rpartition("/")[2]) == ("DONE", 100, "net")


def test_what_is_not_there_was_not_found(api: Api) -> None:
    reply = api.get("compute", f"{NETWORKS}/none")
    assert (reply.status, reply.message) == (404, f"The resource '{NETWORKS}/none' was not found")


def test_a_name_is_taken_once(room: Api) -> None:
    reply = room.post("compute", NETWORKS, {"name": "net"})
    assert (reply.status, reply.message) == (409, f"The resource '{NETWORKS}/net' already exists")


@pytest.mark.parametrize("name", ["Net", "1net", "net-", "n" * 64, "net_work", ""])
def test_a_name_that_is_none_is_refused(api: Api, name: str) -> None:
    reply = api.post("compute", NETWORKS, {"name": name})
    assert reply.status == 400
    assert "resource.name" in reply.message


def test_a_name_of_63_characters_is_taken(api: Api) -> None:
    assert api.post("compute", NETWORKS, {"name": "n" * 63}).status == 200


def test_a_field_that_nobody_knows_is_refused(api: Api) -> None:
    reply = api.post("compute", NETWORKS, {"name": "net", "autoCreate": True})
    assert (reply.status, 'Unknown name "autoCreate"' in reply.message) == (400, True)


def test_a_field_that_nobody_knows_deep_inside_is_refused(api: Api) -> None:
    reply = api.post("compute", NETWORKS, {"name": "net", "routingConfig": {"mode": "REGIONAL"}})
    assert "Unknown name \"mode\" at 'resource.routingConfig'" in reply.message


def test_nulls_are_as_good_as_nothing(api: Api) -> None:
    assert api.post("compute", NETWORKS, {"name": "net", "mtu": None, "routingConfig": None}).status == 200


def test_a_network_that_is_used_does_not_go(room: Api) -> None:
    reply = room.delete("compute", f"{NETWORKS}/net")
    assert (reply.status, "is already being used by" in reply.message) == (400, True)


def test_what_went_is_gone(room: Api) -> None:
    room.done(room.delete("compute", f"{REGION}/subnetworks/sub"))
    room.done(room.delete("compute", f"{NETWORKS}/net"))
    assert room.get("compute", f"{NETWORKS}/net").status == 404


def test_a_subnetwork_needs_a_network(api: Api) -> None:
    body = {"name": "sub", "network": f"{NETWORKS}/none", "ipCidrRange": "10.0.0.0/24"}
    assert api.post("compute", f"{REGION}/subnetworks", body).status == 404


@pytest.mark.parametrize(("given", "status"), [("10.128.8.0/24", 400), ("10.129.0.0/24", 200), ("10.0.0.1/8", 400)])
def test_ranges_do_not_overlap(room: Api, given: str, status: int) -> None:
    body = {"name": "other", "network": f"{NETWORKS}/net", "ipCidrRange": given}
    assert room.post("compute", f"{REGION}/subnetworks", body).status == status


def test_a_region_that_is_not_there_is_unknown(room: Api) -> None:
    body = {"name": "sub", "network": f"{NETWORKS}/net", "ipCidrRange": "10.0.0.0/24"}
    reply = room.post("compute", f"{P}/regions/us-moon1/subnetworks", body)
    assert (reply.status, "Unknown region" in reply.message) == (400, True)


@pytest.mark.parametrize(
    "change",
    [
        {"allowed": []},
        {"sourceRanges": ["35.235.240.0/20/1"]},
        {"targetTags": ["a"], "targetServiceAccounts": ["b@c"]},
    ],
)
def test_a_firewall_rule_that_means_nothing_is_refused(room: Api, change: dict[str, Any]) -> None:
    body = {"name": "ssh", "network": f"{NETWORKS}/net", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}], **change}
    assert room.post("compute", f"{P}/global/firewalls", body).status == 400


def test_a_rule_is_changed_in_part(room: Api) -> None:
    body = {"name": "ssh", "network": f"{NETWORKS}/net", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}
    room.done(room.post("compute", f"{P}/global/firewalls", body))
    room.done(room.ask("PATCH", "compute", f"{P}/global/firewalls/ssh", {"sourceRanges": ["10.0.0.0/8"]}))
    found = room.get("compute", f"{P}/global/firewalls/ssh")
    assert (found["sourceRanges"], found["allowed"]) == (["10.0.0.0/8"], body["allowed"])


def test_a_nat_comes_into_a_router_and_goes(room: Api) -> None:
    router = f"{REGION}/routers/out"
    room.done(room.post("compute", f"{REGION}/routers", {"name": "out", "network": f"{NETWORKS}/net", "bgp": None}))
    nat = {"name": "nat", "natIpAllocateOption": "AUTO_ONLY", "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS"}
    of = {"subnetworks": [{"name": f"{REGION}/subnetworks/sub", "sourceIpRangesToNat": ["ALL_IP_RANGES"]}]}
    assert room.ask("PATCH", "compute", router, {"nats": [nat]}).status == 400
    room.done(room.ask("PATCH", "compute", router, {"nats": [{**nat, **of, "natIps": []}]}))
    assert room.get("compute", router)["nats"][0]["type"] == "PUBLIC"
    room.done(room.ask("PATCH", "compute", router, {"nats": []}))
    assert "nats" not in room.get("compute", router).body


def test_a_list_comes_in_pages(api: Api) -> None:
    for letter in "edcba":
        api.done(api.post("compute", NETWORKS, {"name": letter}))
    found, token = [], ""
    for _ in range(3):
        part = api.get("compute", NETWORKS, maxResults="2", **({"pageToken": token} if token else {}))
        found += [each["name"] for each in part["items"]]
        token = part.body.get("nextPageToken", "")
    assert (found, token) == (list("abcde"), "")


def test_a_page_token_that_nobody_gave_is_refused(api: Api) -> None:
    assert api.get("compute", NETWORKS, pageToken="%").status == 400


@pytest.mark.parametrize(("wish", "names"), [("labels.a=b", ["one"]), ("name=two", ["two"]), ("labels.a:*", ["one"])])
def test_a_list_is_filtered(room: Api, wish: str, names: list[str]) -> None:
    room.done(room.post("compute", f"{P}/zones/us-central1-a/instances", machine("one", labels={"a": "b"})))
    room.done(room.post("compute", f"{P}/zones/us-central1-a/instances", machine("two")))
    found = room.get("compute", f"{P}/zones/us-central1-a/instances", filter=wish)
    assert [each["name"] for each in found["items"]] == names


@pytest.mark.parametrize(
    ("wish", "names"),
    [("name eq d.*", ["da", "db"]), ("name ne d.*", ["c"]), ("(name=da)", ["da"]), ("name:b", ["db"])],
)
def test_a_list_is_filtered_by_names(api: Api, wish: str, names: list[str]) -> None:
    for name in ("da", "db", "c"):
        api.done(api.post("compute", NETWORKS, {"name": name}))
    assert [each["name"] for each in api.get("compute", NETWORKS, filter=wish)["items"]] == names


def test_a_filter_that_nobody_understands_is_refused(api: Api) -> None:
    api.done(api.post("compute", NETWORKS, {"name": "net"}))
    assert api.get("compute", NETWORKS, filter="name LIKE x").status == 400


def test_a_network_of_the_automatic_kind_has_a_subnetwork_in_each_region(api: Api) -> None:
    api.done(api.post("compute", NETWORKS, {"name": "auto", "autoCreateSubnetworks": True}))
    api.post("iam", f"{P}/serviceAccounts", {"accountId": "machine-vm"})
    body = machine(networkInterfaces=[{"network": f"{NETWORKS}/auto"}])
    api.done(api.post("compute", f"{P}/zones/us-central1-a/instances", body))
    (nic,) = api.get("compute", f"{P}/zones/us-central1-a/instances/demo-host-0")["networkInterfaces"]
    assert nic["subnetwork"].endswith("/regions/us-central1/subnetworks/auto")
    api.done(api.delete("compute", f"{P}/zones/us-central1-a/instances/demo-host-0"))
    api.done(api.delete("compute", f"{NETWORKS}/auto"))
    assert "items" not in api.get("compute", f"{REGION}/subnetworks").body
