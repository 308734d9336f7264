"""The process behind `relay.py`: listens where the tests are and connects where the hosts are. Standard library only.

    python relaying.py CONTROL_FD HUB_PID

It takes one request a line on the control socket, answers each with one line, and ends when that socket closes.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import socket
import struct
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

CLONE_NEWNET = 0x40000000
CHUNK = 1 << 16
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes closing a socket reset its connection."""

_libc = ctypes.CDLL(None, use_errno=True)


class Network:
    """A network namespace that this thread can enter."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def enter(self) -> None:
        # os.setns is new in Python 3.12.
        if _libc.setns(self._descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


class Line:
    """One port on loopback, and the connections that came in by it."""

    def __init__(self, listener: socket.socket, target: tuple[str, int], hosts: Network) -> None:
        self._listener = listener
        self._target = target
        self._hosts = hosts
        self._connections: set[asyncio.Task[None]] = set()
        self._cutter: asyncio.Task[None] | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._delay = 0.0
        self.plug()

    def plug(self) -> None:
        self._listener.listen(128)
        asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def unplug(self) -> None:
        asyncio.get_running_loop().remove_reader(self._listener)
        # The socket stays bound, so that nobody else gets the port, and the kernel refuses who knocks.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RD)
        self.cut()

    def cut(self) -> int:
        """Resets all connections, and tells how many there were."""
        for task in self._connections:
            task.cancel()
        return len(self._connections)

    def cut_every(self, seconds: float) -> None:
        if self._cutter:
            self._cutter.cancel()
        self._cutter = _task(self._go_on_cutting(seconds)) if seconds else None

    def delay(self, seconds: float) -> None:
        self._delay = seconds

    def freeze(self) -> None:
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    async def _go_on_cutting(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            self.cut()

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            client, _ = self._listener.accept()
            client.settimeout(0)
            task = _task(self._serve(client))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _serve(self, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._hosts.enter()
        with client, socket.socket() as host:
            for end in (client, host):
                end.settimeout(0)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await loop.sock_connect(host, self._target)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pump(client, host))
                    group.create_task(self._pump(host, client))
            # An end that broke off in the midst breaks the other one off, too.
            except (asyncio.CancelledError, OSError, ExceptionGroup):
                for end in (client, host):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    async def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(source, CHUNK):
            await self._flowing.wait()
            if self._delay:
                await asyncio.sleep(self._delay)
            await loop.sock_sendall(sink, data)
        sink.shutdown(socket.SHUT_WR)


class Relay:
    """All lines, by number; what a request asks for, it does."""

    def __init__(self, here: Network, hosts: Network) -> None:
        self._here = here
        self._hosts = hosts
        self._lines: list[Line] = []

    def answer(self, request: dict[str, Any]) -> object:
        verb, words = request["verb"], request["words"]
        if verb == "add":
            return self._add(*words)
        return getattr(self._lines[request["line"]], verb)(*words)

    def _add(self, address: str, port: int) -> tuple[int, int]:
        """The number of a new line and its port on loopback."""
        with self._at_home():
            listener = _bound()
            self._lines.append(Line(listener, (address, port), self._hosts))
        return len(self._lines) - 1, listener.getsockname()[1]

    @contextmanager
    def _at_home(self) -> Iterator[None]:
        self._here.enter()
        try:
            yield
        finally:
            self._hosts.enter()


def _bound() -> socket.socket:
    """A socket on a port of loopback that is free, and stays its own when it does not listen.

    The kernel takes back a port that it chose itself, so it is asked for a port and then for that very one.
    """
    with socket.socket() as first:
        second = socket.socket()
        for each in (first, second):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        first.bind(("127.0.0.1", 0))
        second.bind(first.getsockname())
    second.settimeout(0)
    return second


_tasks: set[asyncio.Task[None]] = set()


def _task(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """A task that somebody holds on to: the loop itself does not."""
    task = asyncio.get_running_loop().create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def main(control: int, hub: int) -> None:
    relay = Relay(Network("/proc/self/ns/net"), Network(f"/proc/{hub}/ns/net"))
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=control))
    while line := await reader.readline():
        writer.write(json.dumps(relay.answer(json.loads(line))).encode() + b"\n")
        await writer.drain()
    # Whoever listened to us is gone, and so is everything that went through here.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
