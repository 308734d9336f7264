"""What stands behind an instance: nothing, or a host that a driver boots."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from cynthus.testing.gcp.metadata import metadata_server
from cynthus.testing.gcp.people import Login, logins

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from cynthus.testing.gcp.http_server import HttpServer
    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

_PATIENCE = 0.05
"""Seconds that a request waits for a driver, so that a quick one is done when its operation is first asked for."""

BOOTS = ("PROVISIONING", "STAGING", "RUNNING")
"""What an instance is that has a host."""


class BootFailed(Exception):
    """A driver could not boot a host. The operation ends with this text."""


class Machine(Struct, frozen=True):
    """What a driver is told of an instance."""

    name: str
    zone: str
    project: str
    instance_id: str
    address: str
    """One of the subnetwork, which the driver may take or not."""
    metadata: Mapping[str, str]
    """With `ssh-keys`, a line for each: `user:ssh-ed25519 AAAA... comment`."""
    service_account: str
    endpoint: str
    """Where the cloud answers on this machine. What the host is told of it has that address, so it is to lead there."""
    serve_metadata: Callable[[tuple[str, int] | socket.socket], str]
    """Answer as the metadata server of this machine, until it stops: at an address and a port (0: any), or on a socket
    that is bound already, in the host's own network say. Gives the URL."""
    logins: Callable[[], tuple[Login, ...]] = tuple
    """Who may enter it, as it is when that is called: by the keys of its metadata, or with OS Login by roles and the
    keys of profiles."""


class Driver(Protocol):
    """Gives instances their hosts. It is called in threads of their own, never twice at once for one machine."""

    def boot(self, instance: Machine) -> str:
        """Have a host there for it, and give its address. After a restart of the simulation it is called again for
        those that run: a host that is still there is kept.

        Raises:
            BootFailed: there is none to be had.
        """
        ...

    def stop(self, name: str) -> None:
        """Have it there no more; one that is not there is none the less."""
        ...


class Hosts(Driver, Protocol):
    """A driver whose hosts can be entered, through Google's proxy as far as clients see. It leaves none behind."""

    def door(self, name: str) -> tuple[str, int]:
        """Where SSH of the host answers that an instance has, as this machine sees it: an address and a port.

        Raises:
            LookupError: there is none.
        """
        ...

    def close(self) -> None:
        """Have no host there any more, and nothing else of its own."""
        ...


class NoHosts:
    """Says that they run, and nothing does."""

    def boot(self, instance: Machine) -> str:
        return instance.address

    def stop(self, name: str) -> None:
        """Nothing to do."""


class Machines:
    """The hosts of all instances. What is still to be done is part of the state."""

    def __init__(self, world: World, driver: Driver) -> None:
        self._world = world
        self._driver = driver
        self._busy: dict[str, threading.Thread] = {}
        self._servers: dict[str, list[HttpServer]] = {}
        self._closed = False
        self.endpoint = ""
        """Where the cloud answers."""

    def boot(self, key: str) -> None:
        self._order(key, "boot")

    def stop(self, key: str) -> None:
        self._order(key, "stop")

    def resume(self) -> None:
        """After a restart: have a host again for all that had one."""
        with self._world.store.change():
            ordered = {job["machine"] for _, job in self._world.store.items("jobs")}
            for key, instance in self._world.store.items("instances"):
                if instance["status"] in BOOTS and key not in ordered and not instance.get("_dark"):
                    self.boot(key)
        self.work()

    def door(self, name: str) -> tuple[str, int]:
        """As that of a driver that has some. Raises: LookupError."""
        leads: Callable[[str], tuple[str, int]] | None = getattr(self._driver, "door", None)
        if leads is None:
            raise LookupError(name)
        return leads(name)

    def ready(self, operation: str) -> bool:
        """Whether the machine that an operation is about has booted, or never will."""
        key = (self._world.store.get("operations", operation) or {}).get("_machine")
        instance = self._world.store.get("instances", key) if key else None
        return instance is None or instance.get("_boot") != "wanted"

    def work(self) -> None:
        """Begin what is to be done and is not being done. Not to be called by who holds the lock."""
        begun = []
        with self._world.store.lock:
            for _, job in self._world.store.items("jobs"):
                key = job["machine"]
                if key not in self._busy and not self._closed:
                    self._busy[key] = threading.Thread(target=self._work, args=(key,), daemon=True)
                    begun.append(self._busy[key])
        for thread in begun:
            thread.start()
        for thread in begun:
            thread.join(_PATIENCE)

    def close(self) -> None:
        """Wait for what is being done, and answer for no machine any more. Hosts stay."""
        with self._world.store.lock:
            self._closed = True
            busy = list(self._busy.values())
        for thread in busy:
            thread.join()
        for key in list(self._servers):
            self._silence(key)

    def _order(self, key: str, what: str) -> None:
        store = self._world.store
        with store.change():
            number = (store.get("settings", "jobs") or {}).get("next", 0)
            store.put("settings", "jobs", {"next": number + 1})
            store.put("jobs", f"{number:09}", {"machine": key, "do": what})

    def _work(self, machine: str) -> None:
        store = self._world.store
        while True:
            with store.lock:
                mine = [(key, job) for key, job in store.items("jobs") if job["machine"] == machine]
                if not mine or self._closed:
                    del self._busy[machine]
                    return
            key, job = mine[0]
            booted = self._boot(machine) if job["do"] == "boot" else self._stop(machine)
            with store.change():
                store.remove("jobs", key)
                there = store.get("instances", machine)
                if there is not None:
                    store.put("instances", machine, {**there, **_settled(there, booted)})

    def _boot(self, key: str) -> Document:
        instance = self._world.store.get("instances", key)
        if instance is None or instance["status"] not in BOOTS:
            return {}
        try:
            address = self._driver.boot(self._machine(key, instance))
            self._world.outside.open(key, instance)
            return {"_boot": "up", "_address": address}
        except BootFailed as failed:
            return {"_boot": "failed", "_failure": str(failed)}

    def _stop(self, key: str) -> Document:
        self._silence(key)
        self._world.outside.close(key)
        self._driver.stop(key.rpartition("/")[2])
        return {}

    def _machine(self, key: str, instance: Document) -> Machine:
        accounts = instance.get("serviceAccounts") or [{}]
        return Machine(
            name=instance["name"],
            zone=key.split("/")[3],
            project=key.split("/")[1],
            instance_id=instance["id"],
            address=instance["networkInterfaces"][0].get("networkIP", ""),
            metadata={item["key"]: item["value"] for item in instance["metadata"].get("items", [])},
            service_account=accounts[0].get("email", ""),
            endpoint=self.endpoint,
            serve_metadata=lambda where: self._serve(key, where),
            logins=lambda: logins(self._world, key),
        )

    def _serve(self, key: str, where: tuple[str, int] | socket.socket) -> str:
        server = metadata_server(self._world, key, where)
        self._servers.setdefault(key, []).append(server)
        return server.url

    def _silence(self, key: str) -> None:
        for server in self._servers.pop(key, []):
            server.close()


def _settled(instance: Document, booted: Document) -> Document:
    """What of an instance is as the driver says."""
    first, *others = instance["networkInterfaces"]
    address = booted.get("_address") or first.get("networkIP")
    return {**booted, "networkInterfaces": [{**first, "networkIP": address}, *others]}
