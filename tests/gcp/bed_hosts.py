"""Instances of the simulated cloud that are hosts of the test bed, with the users and metadata that they ask for."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cynthus.testing.gcp.machines import BootFailed
from tests.bed.inward import brought, in_network_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from cynthus.testing.gcp.machines import Machine
    from tests.bed.host import Host

METADATA = "169.254.169.254"
"""Where Google's machines find their metadata server."""
GCLOUD = Path(__file__).with_name("gcloud.py")


class BedHosts:
    """A `Driver` with hosts that stand already: they are handed out, each once.

    `settings` is a folder for the stand-in of gcloud, which learns there how a machine is reached.
    """

    def __init__(self, hosts: Sequence[Host], settings: Path) -> None:
        self._free = list(hosts)
        self._given: dict[str, tuple[Host, ExitStack]] = {}
        self._settings = settings
        self._lock = threading.Lock()
        self.endpoint = ""
        """Of the simulated cloud: the machines see it where the tests do."""
        self.ways: list[Callable[[Host], AbstractContextManager[None]]] = []
        """To what else a machine has a way, as long as it stands."""

    def boot(self, instance: Machine) -> str:
        with self._lock:
            if instance.name in self._given:
                return self._given[instance.name][0].internal_address
            if not self._free:
                raise BootFailed("there is no host left")
            host = self._free.pop(0)
            self._given[instance.name] = host, ExitStack()
        _let_in(host, instance.metadata.get("ssh-keys", ""))
        _tell(host, instance)
        if self.endpoint:
            self._given[instance.name][1].enter_context(brought(host, urlsplit(self.endpoint).port or 80))
        for way in self.ways:
            self._given[instance.name][1].enter_context(way(host))
        self._note()
        return host.internal_address

    def stop(self, name: str) -> None:
        with self._lock:
            given = self._given.pop(name, None)
        if given is not None:
            given[1].close()
            given[0].stop()
            self._note()

    def entrance(self, name: str, port: int) -> int:
        given = self._given[name]
        if port != 22:
            raise LookupError(port)
        return given[0].port

    def host(self, name: str) -> Host:
        """The one that an instance has."""
        return self._given[name][0]

    def _note(self) -> None:
        ports = {name: host.port for name, (host, _) in self._given.items()}
        (self._settings / "machines.json").write_text(json.dumps(ports))


def _let_in(host: Host, keys: str) -> None:
    """What Google's program on a machine does with the keys that it is told: users who may use sudo."""
    for line in filter(None, keys.splitlines()):
        user, _, key = line.partition(":")
        home = f"/home/{user}"
        host.text("sh", "-c", f"id {user} 2>/dev/null || useradd --create-home --shell /bin/bash {user}")
        host.text("sh", "-c", f"mkdir -p {home}/.ssh; cat >>{home}/.ssh/authorized_keys", stdin=f"{key}\n".encode())
        host.text("chown", "-R", f"{user}:{user}", f"{home}/.ssh")
        sudo = f"{user} ALL=(ALL:ALL) NOPASSWD:ALL\n"
        host.text("sh", "-c", f"cat >/etc/sudoers.d/{user}", stdin=sudo.encode())


def _tell(host: Host, instance: Machine) -> None:
    host.text("ip", "address", "add", f"{METADATA}/32", "dev", "lo")
    host.text("sh", "-c", f"echo {METADATA} metadata.google.internal metadata >>/etc/hosts")
    instance.serve_metadata(in_network_of(host, lambda: socket.create_server((METADATA, 80))))
