"""The other way round: something that listens in a host's network, and is here."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from tests.bed.relaying import CHUNK, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bed.host import Host

T = TypeVar("T")


def in_network_of(host: Host, act: Callable[[], T]) -> T:
    """Do something in the host's network, in a thread of its own. A socket that is made there stays there."""
    done: list[T] = []

    def enter() -> None:
        # Only this thread, and those that it starts.
        Network(f"/proc/{host.pid}/ns/net").enter()
        done.append(act())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return done[0]


@contextmanager
def brought(host: Host, port: int) -> Iterator[None]:
    """127.0.0.1:`port` of the host leads to 127.0.0.1:`port` of the tests."""
    listener = in_network_of(host, lambda: socket.create_server(("127.0.0.1", port)))
    threading.Thread(target=_serve, args=(listener, port), daemon=True).start()
    try:
        yield
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(listener: socket.socket, port: int) -> None:
    with suppress(OSError):
        while True:
            inner, _ = listener.accept()
            try:
                outer = socket.create_connection(("127.0.0.1", port))
            except OSError:
                inner.close()
                continue
            threading.Thread(target=_carry, args=(inner, outer), daemon=True).start()


def _carry(inner: socket.socket, outer: socket.socket) -> None:
    with inner, outer:
        back = threading.Thread(target=_pump, args=(outer, inner), daemon=True)
        back.start()
        _pump(inner, outer)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
