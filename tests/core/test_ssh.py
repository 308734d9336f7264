"""The part `ssh:` of cynthus.yaml."""

from __future__ import annotations

import pytest

from cynthus.core.ssh import SshHost
from cynthus.errors import BadName, BadValue, CynthusError, KeysExclude, UnknownKey, WrongType
from tests.core.reading import place, problem, problems, read


def machines(text: str) -> tuple[SshHost, ...]:
    ssh = read(f"target: ssh\nssh: {text}").ssh
    assert ssh is not None
    return ssh.each()


def test_one_address_is_enough() -> None:
    assert machines("{hosts: [192.0.2.10]}") == (SshHost(address="192.0.2.10"),)


def test_what_is_said_for_all_holds_for_each() -> None:
    found = machines("{hosts: [a, b], user: me, key: ~/.ssh/lab, port: 2222, proxy_jump: gate}")
    assert [(each.address, each.user, each.key, each.port, each.proxy_jump) for each in found] == [
        ("a", "me", "~/.ssh/lab", 2222, "gate"),
        ("b", "me", "~/.ssh/lab", 2222, "gate"),
    ]


def test_what_a_machine_says_for_itself_goes_before() -> None:
    found = machines("{hosts: [{address: a, user: root, port: 22}, b], user: me, port: 2222}")
    assert [(each.user, each.port) for each in found] == [("root", 22), ("me", 2222)]


def test_a_machine_may_have_another_address_for_the_others() -> None:
    assert machines("{hosts: [{address: a, internal_address: 10.0.0.1}]}")[0].internal_address == "10.0.0.1"


def test_what_is_left_out_is_left_to_ssh() -> None:
    (found,) = machines("{hosts: [a]}")
    assert (found.user, found.key, found.port, found.proxy_jump, found.internal_address) == (None,) * 5


@pytest.mark.parametrize("address", ["2001:db8::1", "fe80::1%eth0", "gpu-01.lab.example", "_x", "10.0.0.1"])
def test_every_kind_of_address_is_taken(address: str) -> None:
    assert machines(f'{{hosts: ["{address}"]}}')[0].address == address


def test_two_ports_of_one_address_are_two_machines() -> None:
    found = machines("{hosts: [{address: a, port: 1}, {address: a, port: 2}]}")
    assert [each.port for each in found] == [1, 2]


def test_a_port_may_stand_in_quotes() -> None:
    assert machines('{hosts: [a], port: "2222"}')[0].port == 2222


CASES: list[tuple[str, type[CynthusError], int, str]] = [
    # text, kind, column (all in line 1), part of the hint
    ("ssh: {}", WrongType, 6, "hosts: and a value"),
    ("ssh: [a]", WrongType, 6, "keys with values"),
    ("ssh: {hosts: []}", BadValue, 14, "hosts: [192.0.2.10]"),
    ("ssh: {hosts: gpu-box}", WrongType, 14, "hosts: [gpu-box]"),
    ("ssh: {hosts: [a], usr: me}", UnknownKey, 19, 'did you mean "user"?'),
    ("ssh: {hosts: [{address: a, usr: me}]}", UnknownKey, 28, 'did you mean "user"?'),
    ("ssh: {hosts: [{user: me}]}", WrongType, 15, "address: and a value"),
    ("ssh: {hosts: [a, a]}", KeysExclude, 18, "delete one"),
    ("ssh: {hosts: [a, {address: a, user: x}]}", KeysExclude, 28, "delete one"),
    ("ssh: {hosts: ['a b']}", BadName, 15, "without spaces"),
    ("ssh: {hosts: [-oProxyCommand=x]}", BadName, 15, "a leading dash"),
    ("ssh: {hosts: ['$(id)']}", BadName, 15, "without spaces"),
    ("ssh: {hosts: ['{{x}}']}", BadName, 15, "without spaces"),
    ('ssh: {hosts: ["a\\n"]}', BadName, 15, "without spaces"),
    ("ssh: {hosts: ['']}", BadName, 15, "write a name"),
    ("ssh: {hosts: [a], user: 'a;b'}", BadName, 25, "without spaces"),
    ("ssh: {hosts: [a], proxy_jump: 'a b'}", BadName, 31, "without spaces"),
    ("ssh: {hosts: [a], key: id_ed25519}", BadValue, 24, "~/.ssh/id_ed25519"),
    ("ssh: {hosts: [a], port: 0}", BadValue, 25, "from 1 to 65535"),
    ("ssh: {hosts: [a], port: 65536}", BadValue, 25, "from 1 to 65535"),
    ("ssh: {hosts: [a], port: ssh}", BadValue, 25, "from 1 to 65535"),
    ("ssh: {hosts: [a], port: true}", BadValue, 25, "from 1 to 65535"),
    ("ssh: {hosts: [a], port: 22.5}", BadValue, 25, "from 1 to 65535"),
    ("user: me", UnknownKey, 1, "stands below `ssh:`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "column", "hint"), CASES)
def test_a_mistake_is_told_where_it_is_with_what_to_do(
    text: str, kind: type[CynthusError], column: int, hint: str
) -> None:
    found = problem(text)
    assert (found.code, place(text)) == (kind.code, (1, column))
    assert hint in found.hint


def test_a_misspelt_key_is_asked_about_and_what_it_should_be_is_missing() -> None:
    missing, unknown = problems("ssh: {host: [a]}")
    assert (unknown.code, unknown.hint) == (UnknownKey.code, 'did you mean "hosts"?')
    assert "`hosts`" in missing.message
