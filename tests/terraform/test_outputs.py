from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.errors import TerraformError
from cynthus.terraform.outputs import hosts

HOST: dict[str, Any] = {
    "name": "a",
    "address": "10.0.0.1",
    "internal_address": "10.0.0.1",
    "user": "me",
    "port": 22,
    "gpus": 2,
    "connection": {"kind": "iap", "proxy_jump": None, "instance_id": "i", "project": "p", "zone": "z"},
}


def test_a_host_is_read_whole() -> None:
    connection = ConnectionInfo("iap", None, "i", "p", "z")
    assert hosts({"hosts": [HOST]}) == (Host("a", "10.0.0.1", "10.0.0.1", "me", 22, 2, connection),)


def test_a_local_host_needs_no_user_and_no_more_than_a_kind() -> None:
    told = {**HOST, "user": None, "connection": {"kind": "local"}}
    assert (hosts({"hosts": [told]})[0].user, hosts({"hosts": [told]})[0].connection) == (None, ConnectionInfo("local"))


def test_numbers_that_terraform_writes_with_a_point_are_whole() -> None:
    assert hosts({"hosts": [{**HOST, "gpus": 2.0}]})[0].gpus == 2


def test_fields_that_a_user_adds_do_no_harm() -> None:
    assert hosts({"hosts": [{**HOST, "mine": 1}]})[0].name == "a"


def test_a_root_without_hosts_is_refused() -> None:
    with pytest.raises(TerraformError, match="hosts has no host"):
        hosts({"hosts": []})


def broken(**changes: object) -> dict[str, object]:
    return {"hosts": [HOST, {**HOST, "name": "b", **changes}]}


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({}, "hosts is missing"),
        ({"hosts": None}, "hosts is null, not a list"),
        ({"hosts": {"a": 1}}, "hosts is {'a': 1}, not a list"),
        ({"hosts": ["a"]}, "hosts[0] is 'a', not an object"),
        (broken(name=""), "hosts[1].name is '', not a text"),
        (broken(name=7), "hosts[1].name is 7, not a text"),
        (broken(name="a\nb"), "hosts[1].name is 'a\\nb', not a text"),
        (broken(name="a"), "hosts[1].name is 'a', which another host has already"),
        (broken(address=None), "hosts[1].address is missing"),
        (broken(internal_address=[]), "hosts[1].internal_address is [], not a text"),
        (broken(user=1), "hosts[1].user is 1, not a text"),
        (broken(port="22"), "hosts[1].port is '22', not a number from 1 to 65535"),
        (broken(port=0), "hosts[1].port is 0, not a number from 1 to 65535"),
        (broken(port=65536), "hosts[1].port is 65536, not a number from 1 to 65535"),
        (broken(port=True), "hosts[1].port is True, not a number from 1 to 65535"),
        (broken(gpus=-1), "hosts[1].gpus is -1, not a number from 0 to 1024"),
        (broken(gpus=1.5), "hosts[1].gpus is 1.5, not a whole number"),
        (broken(gpus=float("nan")), "hosts[1].gpus is nan, not a number from 0 to 1024"),
        (broken(connection=None), "hosts[1].connection is null, not an object"),
        (broken(connection={}), "hosts[1].connection.kind is missing"),
        (broken(connection={"kind": "telnet"}), "hosts[1].connection.kind is 'telnet', not one of local, ssh, iap"),
        (broken(connection={"kind": "ssh", "proxy_jump": 1}), "hosts[1].connection.proxy_jump is 1, not a text"),
        (broken(name=["x" * 99]), "..., not a text"),
    ],
)
def test_a_broken_output_names_the_field(outputs: dict[str, object], words: str) -> None:
    with pytest.raises(TerraformError) as caught:
        hosts(outputs)
    assert words in caught.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*HOST, *HOST["connection"]]) | st.text(), inner),
)


@given(JSON)
def test_no_output_is_too_strange(value: object) -> None:
    with pytest.raises(TerraformError):
        hosts({"hosts": [value]})
