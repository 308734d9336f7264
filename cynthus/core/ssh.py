"""The part `ssh:` of cynthus.yaml: machines that stand already, and how to get in."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from cynthus.core.fields import Port, listed
from cynthus.core.misfit import Misfit, quoted
from cynthus.core.section import Section
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


PlainWord = Annotated[str, AfterValidator(_plain), WithJsonSchema({"type": "string", "pattern": PLAIN_PATTERN})]
KeyPath = Annotated[str, AfterValidator(_key), WithJsonSchema({"type": "string", "pattern": KEY_PATTERN})]


class Door(Section):
    """How to get in. What is left out is for ssh and its own configuration to decide."""

    user: PlainWord | None = Field(default=None, description="The user to log in as. By default ssh's own choice.")
    port: Port | None = Field(
        default=None, description="The port of the SSH server. By default 22, or what ~/.ssh/config says."
    )
    key: KeyPath | None = Field(
        default=None, description="The path of a private key on this machine. By default ssh's own choice."
    )
    proxy_jump: PlainWord | None = Field(
        default=None, description="A machine to go through, as `ssh -J` takes it. By default none."
    )


class SshHost(Door):
    """One machine; what it says for itself goes before what is said for all."""

    address: PlainWord = Field(description="A name, an address, or a `Host` of ~/.ssh/config.")

    internal_address: PlainWord | None = Field(
        default=None, description="How the other machines reach this one. By default at `address`."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"address": value} if isinstance(value, str) else value


class Ssh(Door):
    """The machines, and how to get into all of them."""

    hosts: Annotated[tuple[SshHost, ...], BeforeValidator(listed, json_schema_input_type=list[str | SshHost])] = Field(
        description="The machines, each an address or a mapping with `address:`."
    )

    @field_validator("hosts")
    @classmethod
    def _each_once(cls, hosts: tuple[SshHost, ...]) -> tuple[SshHost, ...]:
        if not hosts:
            raise Misfit("there is no machine here", hint="write e.g. hosts: [192.0.2.10]")
        for index, host in enumerate(hosts):
            if (host.address, host.port) in [(other.address, other.port) for other in hosts[:index]]:
                message = f"{quoted(host.address)} stands here twice"
                raise Misfit(message, hint="delete one", kind=KeysExclude, at=(index, "address"))
        return hosts

    def each(self) -> tuple[SshHost, ...]:
        """The machines with everything that is said for all of them."""
        own = self.model_dump(include=set(Door.model_fields), exclude_none=True)
        return tuple(SshHost(**{**own, **host.model_dump(exclude_none=True)}) for host in self.hosts)
