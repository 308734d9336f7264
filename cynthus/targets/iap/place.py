"""Where the relay is, and how a machine is named to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from cynthus import web
from cynthus.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

RELAY = "CYNTHUS_GOOGLE_IAP"
"""The variable that names the relay of a simulated Google Cloud."""
USUAL = "wss://tunnel.cloudproxy.app/v4"


class Machine(Struct, frozen=True):
    """A port of an instance, by the names that Google has for it."""

    project: str
    zone: str
    name: str
    port: int = 22

    def __str__(self) -> str:
        return f"{self.name}:{self.port}"


def relay(environment: Mapping[str, str]) -> str:
    """Raises: UsageError, where a token would go over a line that anybody can change."""
    address = (environment.get(RELAY) or USUAL).strip().rstrip("/")
    parts = urlsplit(address)
    if parts.scheme != "wss" and not (parts.scheme == "ws" and web.is_local(address)):
        raise UsageError(
            f"{RELAY} is {address.rpartition('@')[2]}, over a line that anybody can change",
            hint="name one with wss://, or with ws:// one on this machine, or unset it",
        )
    return address


def connect(relay: str, machine: Machine) -> str:
    """The address of a new session."""
    about = {
        "project": machine.project, "zone": machine.zone, "instance": machine.name, "interface": "nic0",
        "port": machine.port, "newWebsocket": "True",
    }  # fmt: skip
    return f"{relay}/connect?{urlencode(about)}"


def reconnect(relay: str, machine: Machine, session: str, received: int) -> str:
    """That of one that was cut after we had received so many bytes."""
    about = {"sid": session, "ack": received, "newWebsocket": "True", "zone": machine.zone}
    return f"{relay}/reconnect?{urlencode(about)}"
