"""The hosts of a deployment, and how they are reached."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ConnectionKind = Literal["local", "ssh", "iap"]


class ConnectionInfo(Struct, frozen=True):
    """How a host is reached; which fields are set depends on `kind`."""

    kind: ConnectionKind
    proxy_jump: str | None = None
    instance_id: str | None = None
    project: str | None = None
    zone: str | None = None
    key: str | None = None
    """The path of a private key on the machine that connects; None leaves the choice to ssh."""


class Host(Struct, frozen=True):
    """One row of the Terraform output `hosts`, where Terraform ends and Ansible begins."""

    name: str
    address: str
    internal_address: str
    user: str | None
    port: int
    gpus: int
    connection: ConnectionInfo
