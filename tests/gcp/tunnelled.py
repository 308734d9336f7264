"""A relay on this machine with a service behind it, and the tunnel that leads there, in this process."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cynthus.targets.iap.ends import Ends, unwaiting
from cynthus.targets.iap.place import Machine
from cynthus.targets.iap.tunnel import Ended, Tunnel
from cynthus.testing.gcp.iap_relay import Asked, IapRelay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MACHINE = Machine("lab", "us-central1-a", "demo-host-0")
TOKEN = "swordfish"


class Service:
    """Listens on loopback; `serve` is given each connection, in a thread of its own."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.connections = 0
        threading.Thread(target=self._take_all, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _take_all(self) -> None:
        while True:
            try:
                there, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(there,), daemon=True).start()

    def _one(self, there: socket.socket) -> None:
        with there, suppress(OSError):
            self._serve(there)


def echo(there: socket.socket) -> None:
    """Gives back what comes."""
    while data := there.recv(1 << 16):
        there.sendall(data)


class Relayed:
    """`relay` is in front, `service` behind; `asked` is what the relay was asked."""

    def __init__(self, serve: Callable[[socket.socket], None], **settings: float) -> None:
        self.service = Service(serve)
        self.asked: list[Asked] = []
        self.relay = IapRelay(self._admit, **settings)  # type: ignore[arg-type]  # numbers, all of them

    def _admit(self, asked: Asked) -> tuple[str, int]:
        self.asked.append(asked)
        return "127.0.0.1", self.service.port

    def close(self) -> None:
        self.relay.close()
        self.service.close()


@contextmanager
def relayed(serve: Callable[[socket.socket], None] = echo, **settings: float) -> Iterator[Relayed]:
    made = Relayed(serve, **settings)
    try:
        yield made
    finally:
        made.close()


class Through:
    """A tunnel at work. `near` is the socket by which bytes go in and come out."""

    def __init__(self, relay: str, *, sleep: Callable[[float], None] = lambda _: None) -> None:
        self.near, self._inner = socket.socketpair()
        self.near.settimeout(60)
        self.ends = Ends(self._inner.fileno(), self._inner.fileno())
        self.tunnel = Tunnel(relay, MACHINE, lambda: TOKEN, self.ends, agent="tests", sleep=sleep)
        self.ended: Ended | None = None
        try:
            line = self.tunnel.open()
        except Ended:
            self.near.close()
            self._inner.close()
            raise
        self._thread = threading.Thread(target=self._carry, args=(line,), daemon=True)
        self._thread.start()

    def _carry(self, line: object) -> None:
        try:
            with unwaiting(self._inner.fileno()):
                self.tunnel.carry(line)  # type: ignore[arg-type]  # what `open` gave
        except Ended as ended:
            self.ended = ended
        finally:
            self._inner.close()

    def send(self, content: bytes) -> None:
        """In a thread: what comes out has to be taken meanwhile."""
        threading.Thread(target=self._send, args=(content,), daemon=True).start()

    def _send(self, content: bytes) -> None:
        with suppress(OSError):
            self.near.sendall(content)

    def receive(self, size: int) -> bytes:
        """That many bytes, or fewer where that is all."""
        found = bytearray()
        while len(found) < size and (data := self.near.recv(min(1 << 18, size - len(found)))):
            found += data
        return bytes(found)

    def end(self) -> None:
        """Wait until it has ended."""
        self._thread.join(20)
        assert not self._thread.is_alive()

    def close(self) -> None:
        self.near.close()
        self.end()


@contextmanager
def through(there: Relayed) -> Iterator[Through]:
    made = Through(there.relay.url)
    try:
        yield made
    finally:
        made.close()


def noise(size: int) -> bytes:
    return os.urandom(size)
