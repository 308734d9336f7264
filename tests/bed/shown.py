"""What listens on the tests' loopback, shown to a host on its own: a fake that a host is to find at the address that
the tests know."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bed.host import Host

_CLONE_NEWNET = 0x40000000
_CHUNK = 1 << 16


@contextmanager
def shown_to(host: Host, address: str) -> Iterator[None]:
    """Within the block, `address` (http://127.0.0.1:1234) leads to the same server on the host as here.

    A reboot of the host ends that, too.
    """
    port = urlsplit(address).port
    assert port is not None
    # A socket belongs to the network that its thread is in when it is made, wherever it is used later.
    with ThreadPoolExecutor(1) as entering:
        listener = entering.submit(_listen_in, host.pid, port).result()
    accepting = threading.Thread(target=_accept, args=(listener, port), name=f"{address} on {host.name}")
    accepting.start()
    try:
        yield
    finally:
        # Closing alone does not wake up who waits for a connection.
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
        listener.close()


def _listen_in(pid: int, port: int) -> socket.socket:
    libc = ctypes.CDLL(None, use_errno=True)
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        # os.setns is new in Python 3.12.
        if libc.setns(network, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        return socket.create_server(("127.0.0.1", port))
    finally:
        os.close(network)


def _accept(listener: socket.socket, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_carry, args=(client, port), daemon=True).start()


def _carry(client: socket.socket, port: int) -> None:
    with client, suppress(OSError), socket.create_connection(("127.0.0.1", port)) as server:
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
