"""Instances of the simulated cloud that are hosts of the test bed, with the users and metadata that they ask for."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cynthus.testing.gcp.machines import BootFailed
from tests.bed.beds import Bed
from tests.bed.inward import brought, in_network_of
from tests.bed.suite import usual
from tests.bed.tree import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from cynthus.testing.gcp import Login, Machine
    from tests.bed.host import Host

METADATA = "169.254.169.254"
"""Where Google's machines find their metadata server."""
COUNT, IMAGE = "CYNTHUS_TEST_HOSTS", "CYNTHUS_TEST_IMAGE"
"""Variables for a bed of one's own: how many hosts, and the path of an image as `docker import` takes it."""


class BedHosts:
    """Hosts that stand already, and are handed out, each once. `close` stops those that were; they are removed by
    whoever made them."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._free = list(hosts)
        self._given: dict[str, tuple[Host, ExitStack]] = {}
        self._machines: dict[str, Machine] = {}
        self._entered: dict[str, tuple[Login, ...]] = {}
        self._lock = threading.Lock()
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
        self._machines[instance.name] = instance
        self._let_in(instance.name)
        _tell(host, instance)
        cloud = brought(host, urlsplit(instance.endpoint).port or 80)
        for way in (cloud, *(each(host) for each in self.ways)):
            self._given[instance.name][1].enter_context(way)
        return host.internal_address

    def stop(self, name: str) -> None:
        with self._lock:
            given = self._given.pop(name, None)
        if given is not None:
            given[1].close()
            given[0].stop()
            self._entered.pop(name, None)

    def door(self, name: str) -> tuple[str, int]:
        # As sshd there asks with each connection, where OS Login is on.
        self._let_in(name)
        host = self.host(name)
        return host.address, host.port

    def close(self) -> None:
        for name in list(self._given):
            self.stop(name)

    def host(self, name: str) -> Host:
        """The one that an instance has."""
        return self._given[name][0]

    def _let_in(self, name: str) -> None:
        """What Google's programs on a machine do: who may enter has a user there, and nobody else any more."""
        with self._lock:
            host, people = self.host(name), self._machines[name].logins()
            for gone in {each.user for each in self._entered.get(name, ())} - {each.user for each in people}:
                host.text("rm", "-f", f"/home/{gone}/.ssh/authorized_keys")
            for each in set(people) - set(self._entered.get(name, ())):
                _have_user(host, each)
            self._entered[name] = people


class OwnBed(BedHosts):
    """A driver that has a bed of its own, as long as it is open: for programs that name one. What they export says how
    many hosts it has, and which image is to be in their Docker."""

    def __init__(self) -> None:
        self._bed = Bed(tree(usual()))
        image = os.environ.get(IMAGE)
        try:
            hosts = self._bed.hosts(int(os.environ.get(COUNT, "1")), docker=image is not None)
            for host in hosts if image else ():
                host.import_image(Path(image or ""), "base:1")
        except BaseException:
            self._bed.close()
            raise
        super().__init__(hosts)

    def close(self) -> None:
        super().close()
        self._bed.close()


def _have_user(host: Host, login: Login) -> None:
    home, keys = f"/home/{login.user}", "".join(f"{each}\n" for each in login.keys)
    make = f"id {login.user} 2>/dev/null || useradd --create-home --shell /bin/bash {login.user}"
    host.text("sh", "-c", make)
    host.text("sh", "-c", f"mkdir -p {home}/.ssh; cat >{home}/.ssh/authorized_keys", stdin=keys.encode())
    host.text("chown", "-R", f"{login.user}:{login.user}", f"{home}/.ssh")
    rule = f"{login.user} ALL=(ALL:ALL) NOPASSWD:ALL\n" if login.root else ""
    host.text("sh", "-c", f"cat >/etc/sudoers.d/{login.user}", stdin=rule.encode())


def _tell(host: Host, instance: Machine) -> None:
    host.text("ip", "address", "add", f"{METADATA}/32", "dev", "lo")
    host.text("sh", "-c", f"echo {METADATA} metadata.google.internal metadata >>/etc/hosts")
    instance.serve_metadata(in_network_of(host, lambda: socket.create_server((METADATA, 80))))
