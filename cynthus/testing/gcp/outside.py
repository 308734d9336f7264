"""The internet, as far as machines are in it: their public addresses, and the firewall in front of each."""

from __future__ import annotations

import ipaddress
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.testing.gcp.machines import BootFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

SSH = 22
USUAL = "198.51.100.0/24"
"""A range that belongs to documentation: nothing is ever there."""


class Outside:
    """Gives out addresses of a range. Where that is one of this machine's (127.77.0.0/24, say), each address answers at
    the port of SSH, for whom the firewall lets in, and leads to where the machine's host answers."""

    def __init__(self, world: World, addresses: str = USUAL) -> None:
        self._world = world
        self._range = ipaddress.ip_network(addresses)
        self._open: dict[str, socket.socket] = {}

    def free(self) -> str:
        """One that no machine has.

        Raises:
            LookupError: there is none left.
        """
        taken = {_address(each) for _, each in self._world.store.items("instances")}
        for address in self._range.hosts():
            if str(address) not in taken:
                return str(address)
        raise LookupError("no address is left")

    def open(self, key: str, instance: Document) -> None:
        """Answer for a machine that has booted, where it has such an address.

        Raises:
            BootFailed: that cannot be done.
        """
        address = _address(instance)
        if not address or not self._range.is_loopback or key in self._open:
            return
        try:
            self._open[key] = socket.create_server((address, SSH), backlog=16)
        except OSError as error:
            raise BootFailed(f"nothing can be answered at {address}:{SSH}: {error.strerror}") from None
        threading.Thread(target=self._take_all, args=(key, self._open[key]), daemon=True).start()

    def close(self, key: str) -> None:
        """Answer for it no more."""
        listening = self._open.pop(key, None)
        if listening is not None:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    def close_all(self) -> None:
        for key in list(self._open):
            self.close(key)

    def _take_all(self, key: str, listening: socket.socket) -> None:
        while True:
            try:
                line, (peer, _) = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(key, line, peer), daemon=True).start()

    def _take(self, key: str, line: socket.socket, peer: str) -> None:
        with line, suppress(OSError, LookupError):
            if not lets_in(self._world, key, peer):
                # What a firewall drops is not answered: whoever comes waits for as long as they want to.
                while line.recv(1 << 10):
                    pass
                return
            with socket.create_connection(self._world.machines.door(key.rpartition("/")[2]), timeout=10) as behind:
                behind.settimeout(None)
                back = threading.Thread(target=_pump, args=(behind, line), daemon=True)
                back.start()
                _pump(line, behind)
                back.join()


def lets_in(world: World, key: str, peer: str, port: int = SSH) -> bool:
    """Whether the firewall lets somebody from that address come to a port of an instance. What no rule allows is
    refused; of rules that contradict each other the lower number counts, then the refusal."""
    instance = world.store.get("instances", key)
    if instance is None:
        return False
    network = instance["networkInterfaces"][0]["network"]
    there = [each for _, each in world.store.items("firewalls") if each["network"] == network]
    rules = [each for each in there if _is_about(each, instance) and _comes_from(each, peer)]
    for rule in sorted(rules, key=lambda each: (int(each["priority"]), "allowed" in each)):
        if any(_covers(each, port) for each in rule.get("allowed") or rule.get("denied", [])):
            return "allowed" in rule
    return False


def _is_about(rule: Document, instance: Document) -> bool:
    if rule["direction"] != "INGRESS" or rule.get("disabled"):
        return False
    accounts = {each["email"] for each in instance.get("serviceAccounts") or ()}
    wanted, tags = set(rule.get("targetServiceAccounts", ())), set(rule.get("targetTags", ()))
    return not (wanted or tags) or bool(wanted & accounts) or bool(tags & {*instance.get("tags", {}).get("items", [])})


def _comes_from(rule: Document, peer: str) -> bool:
    # Machines of the network are not told by their address.
    named = rule.get("sourceTags") or rule.get("sourceServiceAccounts")
    ranges = rule.get("sourceRanges") or ([] if named else ["0.0.0.0/0"])
    return any(ipaddress.ip_address(peer) in ipaddress.ip_network(each) for each in ranges)


def _covers(rule: Mapping[str, object], port: int) -> bool:
    ports = [str(each).partition("-") for each in rule.get("ports", ()) or ()]  # type: ignore[attr-defined]  # a list of texts
    within = any(int(first) <= port <= int(last or first) for first, _, last in ports)
    return str(rule.get("IPProtocol")).lower() in ("tcp", "6", "all") and (within or not ports)


def _address(instance: Document) -> str:
    """Its public address; '' where it has none."""
    given = instance["networkInterfaces"][0].get("accessConfigs") or [{}]
    return str(given[0].get("natIP", ""))


def _pump(there: socket.socket, here: socket.socket) -> None:
    with suppress(OSError):
        while data := there.recv(1 << 16):
            here.sendall(data)
    with suppress(OSError):
        here.shutdown(socket.SHUT_WR)
