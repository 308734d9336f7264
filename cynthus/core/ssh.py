"""The part `ssh:` of cynthus.yaml: machines that stand already, and how to get in."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from msgspec import Meta, structs

from cynthus.core.fields import Port
from cynthus.core.misfit import Misfit, quoted
from cynthus.core.section import Rule, Section
from cynthus.errors import BadName, KeysExclude

PLAIN_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.:%@,\[\]-]*$"
"""What may stand in an address, a user or a jump host: nothing that ssh, a shell or Ansible would interpret. The
rendered inventory.py refuses everything else, too."""

KEY_PATTERN = r"^(/|~/)[^\x00-\x1f]+$"


def _plain(text: str) -> str:
    if re.fullmatch(PLAIN_PATTERN[1:-1], text) is None:
        raise Misfit(
            f"{quoted(text)} is no plain word", hint="write a name or an address, without spaces or a leading dash",
            kind=BadName,
        )
    return text


def _key(text: str) -> str:
    if re.fullmatch(KEY_PATTERN[1:-1], text) is None:
        hint = "write it from the root or the home: ~/.ssh/id_ed25519"
        raise Misfit(f"{quoted(text)} is no path of a key", hint=hint)
    return text


PlainWord = Annotated[str, Rule(after=_plain, schema={"type": "string", "pattern": PLAIN_PATTERN})]
KeyPath = Annotated[str, Rule(after=_key, schema={"type": "string", "pattern": KEY_PATTERN})]


class Door(Section, frozen=True, kw_only=True):
    """How to get in. What is left out is for ssh and its own configuration to decide."""

    user: Annotated[
        PlainWord | None, Meta(description="The user to log in as. By default ssh's own choice.")
    ] = None
    port: Annotated[
        Port | None, Meta(description="The port of the SSH server. By default 22, or what ~/.ssh/config says.")
    ] = None
    key: Annotated[
        KeyPath | None, Meta(description="The path of a private key on this machine. By default ssh's own choice.")
    ] = None
    proxy_jump: Annotated[
        PlainWord | None, Meta(description="A machine to go through, as `ssh -J` takes it. By default none.")
    ] = None


class SshHost(Door, frozen=True, kw_only=True):
    """One machine; what it says for itself goes before what is said for all."""

    short: ClassVar[str] = "address"

    address: Annotated[PlainWord, Meta(description="A name, an address, or a `Host` of ~/.ssh/config.")]
    internal_address: Annotated[
        PlainWord | None, Meta(description="How the other machines reach this one. By default at `address`.")
    ] = None


def _each_once(hosts: tuple[SshHost, ...]) -> tuple[SshHost, ...]:
    if not hosts:
        raise Misfit("there is no machine here", hint="write e.g. hosts: [192.0.2.10]")
    for index, host in enumerate(hosts):
        if (host.address, host.port) in [(other.address, other.port) for other in hosts[:index]]:
            message = f"{quoted(host.address)} stands here twice"
            raise Misfit(message, hint="delete one", kind=KeysExclude, at=(index, "address"))
    return hosts


class Ssh(Door, frozen=True, kw_only=True):
    """The machines, and how to get into all of them."""

    hosts: Annotated[
        tuple[SshHost, ...],
        Rule(after=_each_once),
        Meta(description="The machines, each an address or a mapping with `address:`."),
    ]

    def each(self) -> tuple[SshHost, ...]:
        """The machines with everything that is said for all of them."""
        own = {name: getattr(self, name) for name in Door.__struct_fields__}
        return tuple(SshHost(**{**own, **_said(host)}) for host in self.hosts)


def _said(host: SshHost) -> dict[str, Any]:
    return {name: value for name, value in structs.asdict(host).items() if value is not None}
