"""The hosts of a deployment, and how they are reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ConnectionKind = Literal["local", "ssh", "iap"]


@dataclass(frozen=True)
class ConnectionInfo:
    """How a host is reached; which fields are set depends on `kind`."""

    kind: ConnectionKind
    proxy_jump: str | None = None
    instance_id: str | None = None
    project: str | None = None
    zone: str | None = None
    key: str | None = None
    """The path of a private key on the machine that connects; None leaves the choice to ssh."""


@dataclass(frozen=True)
class Host:
    """One row of the Terraform output `hosts`, where Terraform ends and Ansible begins."""

    name: str
    address: str
    internal_address: str
    user: str | None
    port: int
    gpus: int
    connection: ConnectionInfo
