"""A `cynthus` command in a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.journeys.user import COMMAND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.journeys.user import User

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """The command; `screen` is all that it has shown so far."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self._pid = pid
        self._descriptor = descriptor
        self.raw = ""
        self.code: int | None = None

    @property
    def screen(self) -> str:
        return ESCAPES.sub("", self.raw)

    def type(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def until(self, word: str, *, timeout: float = 60) -> None:
        deadline = time.monotonic() + timeout
        while word not in self.screen:
            assert self._shows_something(deadline), f"no {word!r} on the screen: {self.screen}"
            assert self._read(), f"it ended without {word!r} on the screen: {self.screen}"

    def end(self, *, timeout: float = 120) -> int:
        deadline = time.monotonic() + timeout
        going = True
        while going:
            assert self._shows_something(deadline), f"it does not end: {self.screen}"
            going = self._read()
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self.code

    def _shows_something(self, deadline: float) -> bool:
        """Wait until there is something to read, the end among it, but not longer than until `deadline`."""
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, deadline - time.monotonic()))
        return bool(ready)

    def _read(self) -> bool:
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # how Linux tells that the other side has closed
            return False
        self.raw += data.decode(errors="replace")
        return bool(data)

    def kill(self) -> None:
        if self.code is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._descriptor)


@contextmanager
def terminal(user: User, *words: str | Path) -> Iterator[Terminal]:
    user.home.mkdir(parents=True, exist_ok=True)
    argv, environment = [*COMMAND, *map(str, words)], {**user.shell(), "TERM": "xterm-256color"}
    program, master, slave = argv[0], *pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    pid = os.posix_spawn(
        program, argv, environment, setsid=True,
        # A shell that runs the tests in the background has them ignore it, which is handed on.
        setsigdef=[signal.SIGINT],
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ],
    )
    os.close(slave)
    shown = Terminal(pid, master)
    try:
        yield shown
    finally:
        shown.kill()
