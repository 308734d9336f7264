"""A conversation with the reader on a host, which outlives the connections that carry it."""

from __future__ import annotations

import json
import tempfile
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from cynthus.errors import HostError, HostUnreachable
from cynthus.process import Conversation
from cynthus.targets.ssh import reader
from cynthus.targets.ssh.diagnosis import cause_of, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cynthus.targets.ssh.way import Way

PATIENCE = 90.0
"""Seconds for a host that was there to come back; a machine that reboots takes about a minute."""
HURRY = 5.0
"""Seconds, where somebody only looks: enough for a connection that was cut and not more."""
_BOOT = "import sys; exec(compile(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())), 'reader', 'exec'))"
"""Takes the reader's program from its input; a program on a command line would be limited in length."""
PYTHON = "/usr/bin/python3"
"""The system's own: what else is called python3 may depend on the shell that asks."""


class Cut(Exception):
    """The connection ended; the message is what `ssh` said."""


class Channel:
    """Asks the reader. Every question may be asked twice, so one whose answer was cut off is asked again."""

    def __init__(
        self, way: Way, *, patience: float = PATIENCE,
        monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._way = way
        self.patience = patience
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._talk: _Talk | None = None
        self._was_there = False

    def ask(self, verb: str, *, within: float | None = None, **about: object) -> Any:
        """The answer: bytes, or what JSON knows. `within` is another patience for this question.

        Raises:
            OSError: the host's own word about a file.
            HostUnreachable: there is no connection, or none any more after `patience`.
            HostError: what answers there is no Python that could.
        """
        with self._lock:
            return self._persist(lambda talk: talk.ask(verb, about), self.patience if within is None else within)

    def hello(self) -> Mapping[str, Any]:
        """What the reader says first: `python`, its version as three numbers, and `base`, where deployments lie."""
        with self._lock:
            said: Mapping[str, Any] = self._persist(lambda talk: talk.hello, self.patience)
            return said

    def close(self) -> None:
        """End the conversation; the next question begins another one."""
        with self._lock:
            self._close()

    def _persist(self, act: Callable[[_Talk], Any], patience: float) -> Any:
        deadline, pause = self._monotonic() + patience, 0.1
        while True:
            try:
                return act(self._open())
            except Cut as cut:
                self._close()
                said = str(cut)
                hopeless = not (self._was_there and cause_of(self._way, said).passes)
                if hopeless or self._monotonic() >= deadline:
                    # Waited for long enough: the next question tries once.
                    self._was_there = False
                    raise unreachable(self._way, said) from None
            except BaseException as error:
                # An answer that was not read to its end would be taken for that to the next question.
                if not isinstance(error, OSError):
                    self._close()
                raise
            self._sleep(pause)
            pause = min(pause * 2, 2.0)

    def _open(self) -> _Talk:
        if self._talk is None:
            self._talk = _Talk(self._way)
            self._was_there = True
        return self._talk

    def _close(self) -> None:
        if self._talk is not None:
            self._talk.close()
            self._talk = None


class _Talk:
    """One connection's worth of it."""

    def __init__(self, way: Way) -> None:
        way.control.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        try:
            self._ssh = Conversation(way.command((PYTHON, "-I", "-S", "-c", _BOOT)), stderr=self._said)
        except OSError as error:
            self._said.close()
            raise HostUnreachable(
                f"`ssh` cannot be started: {(error.strerror or str(error)).lower()}",
                hint="install the OpenSSH client, e.g. sudo apt-get install -y openssh-client",
            ) from None
        # Also where nobody closes it: when it is no longer needed, or at the end of all.
        self.close = weakref.finalize(self, _hang_up, self._ssh, self._said)
        program = Path(reader.__file__).read_bytes()
        try:
            self._send(str(len(program)).encode() + b"\n" + program)
            self.hello = self._welcome()
        except BaseException:
            self.close()
            raise

    def ask(self, verb: str, about: Mapping[str, object]) -> Any:
        self._send(json.dumps({"verb": verb, "about": about}).encode() + b"\n")
        header = _header(self._line())
        if "errno" in header:
            raise OSError(header["errno"], header["said"], header["file"])
        if "size" in header:
            return self._bytes(header["size"])
        return header["value"]

    def _welcome(self) -> Mapping[str, Any]:
        # What a login script prints comes first.
        while True:
            line = self._line()
            with suppress(ValueError):
                header = json.loads(line)
                if isinstance(header, dict) and header.get("hello") == reader.HELLO:
                    return header

    def _send(self, data: bytes) -> None:
        if not self._ssh.say(data):
            self._cut()

    def _line(self) -> bytes:
        line = self._ssh.hear_line()
        if not line.endswith(b"\n"):
            self._cut()
        return line

    def _bytes(self, size: int) -> bytes:
        data = self._ssh.hear(size)
        if len(data) < size:
            self._cut()
        return data

    def _cut(self) -> NoReturn:
        # Its last words are written before it ends.
        self._ssh.await_end(5)
        self._said.seek(0)
        raise Cut(self._said.read().decode(errors="replace"))


def _hang_up(ssh: Conversation, said: IO[bytes]) -> None:
    ssh.close()
    said.close()


def _header(line: bytes) -> Mapping[str, Any]:
    with suppress(ValueError):
        header = json.loads(line)
        if isinstance(header, dict):
            return header
    shown = line[:60].decode(errors="replace").strip()
    raise HostError(f"the host answered something else: {shown!r}", hint="`cynthus doctor` checks the host")
