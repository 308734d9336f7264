"""The part `gcp:` of cynthus.yaml, and what `resources:` says of machines that are made."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.gcp import Gcp
from cynthus.core.schema import section_schema, spec_schema
from cynthus.errors import BadName, BadValue, CynthusError, KeysExclude, UnknownKey, WrongType
from tests.core.reading import place, problem, read


def gcp(text: str) -> Gcp:
    found = read(f"gcp: {text}").gcp
    assert found is not None
    return found


def test_what_is_left_out_is_left_to_googles_own_settings() -> None:
    found = gcp("{project: my-lab-1}")
    assert (found.network, found.subnetwork, found.key, found.state) == (None,) * 4


def test_machines_are_reached_through_googles_proxy_where_nothing_is_said() -> None:
    assert gcp("{project: my-lab-1}").access == "iap"


def test_machines_are_told_a_key_where_nothing_is_said() -> None:
    assert gcp("{project: my-lab-1}").login == "metadata"


@pytest.mark.parametrize(
    ("text", "source"),
    [("203.0.113.7", "203.0.113.7/32"), ("203.0.113.0/24", "203.0.113.0/24"), ("12.0.0.0/8", "12.0.0.0/8")],
)
def test_one_address_is_a_range_of_one(text: str, source: str) -> None:
    assert gcp(f"{{access: public, from: {text}}}").source == source


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_no_range_that_is_taken_is_wide_or_is_of_a_network_at_home(address: object, bits: int) -> None:
    network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    try:
        found = gcp(f"{{access: public, from: {network}}}").source
    except CynthusError:
        return
    assert found == str(network)
    assert bits >= 8
    assert not any(network.overlaps(ipaddress.ip_network(each)) for each in ("10.0.0.0/8", "192.168.0.0/16"))


def test_nothing_is_said_of_google_where_there_is_no_such_part() -> None:
    assert read("name: weather").gcp is None


@pytest.mark.parametrize("project", ["abcdef", "my-lab-1", "a" * 30, "example.com:my-lab", "a.b-c.org:abcdef"])
def test_every_kind_of_project_id_is_taken(project: str) -> None:
    assert gcp(f"{{project: '{project}'}}").project == project


@pytest.mark.parametrize("name", ["n", "a" * 63, "default", "lab-1"])
def test_every_name_of_a_network_is_taken(name: str) -> None:
    assert gcp(f"{{network: {name}, subnetwork: {name}}}").subnetwork == name


def test_a_subnetwork_may_stand_before_its_network() -> None:
    assert gcp("{subnetwork: sub, network: net}").network == "net"


@pytest.mark.parametrize("place", ["gs://lab-state", "gs://lab-state/", "gs://lab-state/a/b_C", "gs://lab.example.org/x/"])
def test_every_place_in_a_bucket_is_taken_for_the_state(place: str) -> None:
    assert gcp(f"{{state: '{place}'}}").state == place


@pytest.mark.parametrize("zone", ["us-central1-a", "northamerica-northeast2-c", "europe-west12-b"])
def test_every_kind_of_zone_is_taken(zone: str) -> None:
    assert read(f"resources: {{zone: {zone}}}").resources.zone == zone


def test_nobody_gets_a_machine_that_is_taken_back_without_asking_for_one() -> None:
    assert [read(f"resources: {{{text}}}").resources.spot for text in ("cpus: 4", "spot: true")] == [False, True]


@pytest.mark.parametrize(("word", "dollars"), [("10", 10.0), ("12.50", 12.5), ("0.01", 0.01), ('"7"', 7.0)])
def test_what_a_run_may_cost_is_a_number_of_dollars(word: str, dollars: float) -> None:
    assert read(f"limits: {{max_cost: {word}}}").limits.max_cost == dollars


@pytest.mark.parametrize("name", ["lab", "lab-1", "projects/other-lab/reservations/lab"])
def test_a_reservation_may_be_another_projects(name: str) -> None:
    assert read(f"resources: {{zone: us-central1-a, reservation: {name}}}").resources.reservation == name


CASES: list[tuple[str, type[CynthusError], int, str]] = [
    # text, kind, column (all in line 1), part of the hint
    ("gcp: [a]", WrongType, 6, "keys with values"),
    ("gcp: {projct: my-lab-1}", UnknownKey, 7, 'did you mean "project"?'),
    ("gcp: {project: My Lab}", BadName, 16, "the column PROJECT_ID"),
    ("gcp: {project: abcde}", BadName, 16, "6 to 30 small letters"),
    (f"gcp: {{project: {'a' * 31}}}", BadName, 16, "6 to 30 small letters"),
    ("gcp: {project: my-lab-}", BadName, 16, "6 to 30 small letters"),
    ("gcp: {project: 123456789012}", BadName, 16, "the column PROJECT_ID"),
    ('gcp: {project: "my-lab-1\\n"}', BadName, 16, "6 to 30 small letters"),
    ("gcp: {network: Lab}", BadName, 16, "a letter first"),
    ("gcp: {network: lab_1}", BadName, 16, "a letter first"),
    (f"gcp: {{network: {'a' * 64}}}", BadName, 16, "a letter first"),
    ("gcp: {network: global/networks/lab}", BadName, 16, "a letter first"),
    ("gcp: {subnetwork: sub}", KeysExclude, 19, "`network:`"),
    ("gcp: {access: open}", BadValue, 15, "iap, internal, public"),
    ("gcp: {access: public}", BadValue, 15, "from: 203.0.113.7/32"),
    ("gcp: {from: 203.0.113.7}", KeysExclude, 13, "write `access: public`"),
    ("gcp: {access: iap, from: 203.0.113.7}", KeysExclude, 26, "delete `from`"),
    ("gcp: {network: lab, access: public, from: 203.0.113.7}", KeysExclude, 29, "leave `network` out"),
    ("gcp: {access: public, from: 0.0.0.0/0}", BadValue, 29, "that you come from"),
    ("gcp: {access: public, from: 128.0.0.0/1}", BadValue, 29, "that you come from"),
    ("gcp: {access: public, from: '::/0'}", BadValue, 29, "that you come from"),
    ("gcp: {access: public, from: '2001:db8::1'}", BadValue, 29, "that you come from"),
    ("gcp: {access: public, from: 192.168.1.4}", BadValue, 29, "the internet sees you"),
    ("gcp: {access: public, from: 203.0.113.7/24}", BadValue, 29, "203.0.113.0/24"),
    ("gcp: {access: public, from: home}", BadValue, 29, "203.0.113.7/32"),
    ("gcp: {access: public, from: [203.0.113.7]}", WrongType, 29, "write a text"),
    ("gcp: {login: password}", BadValue, 14, "metadata, oslogin"),
    ("gcp: {key: id_ed25519}", BadValue, 12, "~/.ssh/id_ed25519"),
    ("gcp: {state: lab-state/x}", BadName, 14, "gs://bucket/folder"),
    ("gcp: {state: s3://lab-state/x}", BadName, 14, "gs://bucket/folder"),
    ("gcp: {state: gs://Lab}", BadName, 14, "gs://bucket/folder"),
    ("gcp: {state: gs://lab-state//x}", BadName, 14, "gs://bucket/folder"),
    ("gcp: {state: gs://lab-state/../x}", BadName, 14, "gs://bucket/folder"),
    ("project: my-lab-1", UnknownKey, 1, "stands below `gcp:`"),
    ("zone: us-central1-a", UnknownKey, 1, "stands below `resources:`"),
    ("resources: {zone: us-central1}", BadName, 19, "zone: us-central1-a"),
    ("resources: {region: us-central1-a}", BadName, 21, "region: us-central1"),
    ("resources: {region: us-central1, zone: us-east1-b}", KeysExclude, 40, "leave one of the two out"),
    ("resources: {zone: US-Central1-A}", BadName, 19, "zone: us-central1-a"),
    ("resources: {zone: zones/us-central1-a}", BadName, 19, "zone: us-central1-a"),
    ("resources: {spot: sometimes}", WrongType, 19, "true or false"),
    ("resources: {flex_start: 4h}", WrongType, 25, "true or false"),
    ("resources: {spot: true, flex_start: true}", KeysExclude, 37, "leave one of the two out"),
    ("resources: {flex_start: true, spot: true}", KeysExclude, 25, "leave one of the two out"),
    ("resources: {spot: true, reservation: lab}", KeysExclude, 38, "leave one of the two out"),
    ("resources: {flex_start: true, reservation: lab}", KeysExclude, 44, "leave one of the two out"),
    ("resources: {region: us-central1, reservation: lab}", KeysExclude, 47, "`zone: us-central1-a` in place of"),
    ("resources: {reservation: Lab}", BadName, 26, "reservations list"),
    ("resources: {reservation: projects/lab/lab}", BadName, 26, "reservations list"),
    ("limits: {max_cost: 0}", BadValue, 20, "max_cost: 10"),
    ("limits: {max_cost: -1}", BadValue, 20, "max_cost: 10"),
    ("limits: {max_cost: 10 USD}", BadValue, 20, "max_cost: 10"),
    ("limits: {max_cost: $10}", BadValue, 20, "max_cost: 10"),
    ("limits: {max_cost: 1e3}", BadValue, 20, "max_cost: 10"),
    ("limits: {max_cost: true}", BadValue, 20, "max_cost: 10"),
    ("limits: {max_cost: [10]}", BadValue, 20, "max_cost: 10"),
]


@pytest.mark.parametrize(("text", "kind", "column", "hint"), CASES)
def test_a_mistake_is_told_where_it_is_with_what_to_do(
    text: str, kind: type[CynthusError], column: int, hint: str
) -> None:
    found = problem(text)
    assert (found.code, place(text)) == (kind.code, (1, column))
    assert hint in found.hint


@given(st.from_regex(r"[a-z]+-[a-z]+[0-9]+-[a-z]", fullmatch=True, alphabet="abcxyz0189-"))
def test_whatever_looks_like_a_zone_is_one(zone: str) -> None:
    assert read(f"resources: {{zone: '{zone}'}}").resources.zone == zone


def test_every_key_of_the_part_is_described_for_editors() -> None:
    keys = section_schema(Gcp)["properties"]
    assert set(keys) == {"project", "network", "subnetwork", "access", "from", "login", "key", "state"}
    assert all(each.get("description") for each in keys.values())


def test_the_reference_of_all_keys_has_the_part() -> None:
    assert "Gcp" in spec_schema()["$defs"]
