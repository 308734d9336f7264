"""The way from the tests to the hosts: a port on loopback for each, which can be cut, unplugged, slowed and frozen."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cynthus.process import Command, start

if TYPE_CHECKING:
    from tests.bed.hub import Hub

_PROCESS = Path(__file__).with_name("relaying.py")


class Relay:
    """A process that carries connections into the hub's network. It ends with whoever started it."""

    def __init__(self, hub: Hub, log: Path) -> None:
        self._control, theirs = socket.socketpair()
        descriptor = theirs.fileno()
        command = Command((sys.executable, "-I", str(_PROCESS), str(descriptor), str(hub.pid)))
        with theirs, open(log, "wb") as out:
            self._process = start(command, stdout=out, stderr=out, inherit=(descriptor,))
        self._answers = self._control.makefile("r")

    def add(self, address: str, port: int) -> Line:
        """A new line to a port in the hub's network."""
        number, here = self.ask("add", address, port)
        return Line(self, number, here)

    def ask(self, verb: str, *words: object, line: int = 0) -> Any:
        self._control.sendall(json.dumps({"verb": verb, "words": words, "line": line}).encode() + b"\n")
        return json.loads(self._answers.readline())

    def close(self) -> None:
        self._answers.close()
        self._control.close()
        self._process.wait()


class Line:
    """One way in, at 127.0.0.1:`port`, and what can happen to it."""

    def __init__(self, relay: Relay, number: int, port: int) -> None:
        self.port = port
        self._relay = relay
        self._number = number

    def cut(self) -> int:
        """Reset all connections now; new ones are taken. Gives how many there were."""
        return int(self._ask("cut"))

    def cut_every(self, seconds: float) -> None:
        """Cut again and again; 0 ends that."""
        self._ask("cut_every", seconds)

    def unplug(self) -> None:
        """Cut, and refuse all connections until it is plugged in again."""
        self._ask("unplug")

    def plug(self) -> None:
        self._ask("plug")

    def freeze(self) -> None:
        """Let nothing through and close nothing, as a network does that went silent."""
        self._ask("freeze")

    def thaw(self) -> None:
        self._ask("thaw")

    def delay(self, seconds: float) -> None:
        """Hold back each piece of data, in both directions, for this long; 0 ends that."""
        self._ask("delay", seconds)

    def mend(self) -> None:
        """End whatever goes wrong on purpose."""
        self.cut_every(0)
        self.delay(0)
        self.thaw()
        self.plug()

    def _ask(self, verb: str, *words: object) -> Any:
        return self._relay.ask(verb, *words, line=self._number)
