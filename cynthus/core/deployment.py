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

    @property
    def way(self) -> tuple[str | None, str, int]:
        """What makes it the same one, whatever its name: that is its place in a list. Another user has another home."""
        return self.user, self.address, self.port

    def may_be(self, other: Host) -> bool:
        """Whether both lead to one place. Where no user is named ssh chooses one, who may be anybody."""
        users = {self.user, other.user}
        return self.way[1:] == other.way[1:] and (len(users) == 1 or None in users)


def way_of(host: Host) -> str:
    """The way to a host as a person writes it."""
    address = f"[{host.address}]" if ":" in host.address else host.address
    return f"{f'{host.user}@' if host.user else ''}{address}{f':{host.port}' if host.port != 22 else ''}"
