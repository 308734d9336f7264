"""Reaching a host over SSH: its files through one conversation, its commands through the connection that carries it."""

from __future__ import annotations

import io
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from cynthus import process
from cynthus.targets.connection import Claim, FileEntry, Hold, Sum
from cynthus.targets.ssh.channel import HURRY, PYTHON, Channel
from cynthus.targets.ssh.diagnosis import unreachable
from cynthus.targets.ssh.tunnel import SshTunnel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cynthus.process import Command, Completed
    from cynthus.targets.ssh.way import Way

_LOST = 255
"""The exit code of `ssh` itself; a command's own is handed on, so none of ours uses this one."""


class SshConnection:
    """A connection to one host. Nothing is opened before it is needed."""

    python = PYTHON

    def __init__(self, way: Way, channel: Channel | None = None) -> None:
        self._way = way
        self._channel = channel or Channel(way)

    def home(self, deployment: str) -> PurePosixPath:
        return PurePosixPath(str(self._channel.hello()["base"])) / deployment

    def machine(self) -> Mapping[str, Any]:
        """What the host has, as the reader's verb `machine` tells it, and `python`, the version of the one there.

        Raises:
            HostUnreachable: it cannot be asked.
        """
        python = tuple(self._channel.hello()["python"])
        return {**self._channel.ask("machine"), "python": python}

    def renew(self) -> None:
        self._channel.close()
        # The connection that commands share; there may be none.
        process.run(self._way.shell("", options=("-O", "exit")), timeout=10)

    def hurry(self) -> None:
        self._channel.patience = HURRY

    def hold(self, claim: Claim, *, within: float | None = None) -> Hold:
        return Hold(**self._channel.ask("hold", within=within, **asdict(claim)))

    def let_go(self, deployment: str, token: str) -> None:
        self._channel.ask("let_go", within=HURRY, deployment=deployment, token=token)

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> Completed:
        # The conversation first: it opens the connection that the command shares, and tells why where that is refused.
        self._channel.hello()
        answer = process.run(self._way.command(argv, stdin=stdin), timeout=timeout)
        if answer.returncode == _LOST:
            raise unreachable(self._way, answer.stderr.decode(errors="replace"))
        return answer

    def command(self, argv: Sequence[str], *, tty: bool) -> Command:
        return self._way.command(argv, tty=tty)

    def forward(self, port: int, local_port: int) -> SshTunnel:
        # The host's key is pinned by the conversation, and what keeps us out is told by it.
        self._channel.hello()
        return SshTunnel(self._way, port, local_port)

    def size(self, path: PurePosixPath) -> int | None:
        found: int | None = self._channel.ask("size", path=str(path))
        return found

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        found: bytes | None = self._channel.ask("read", path=str(path), offset=offset, limit=limit)
        return found

    def read_several(self, wanted: Sequence[tuple[PurePosixPath, int]]) -> tuple[bytes | OSError | None, ...]:
        answer = self._channel.ask("read_several", wanted=[(str(path), limit) for path, limit in wanted])
        stream = io.BytesIO(answer)
        told = json.loads(stream.readline())
        return tuple(
            stream.read(each) if isinstance(each, int) else None if each is None else OSError(*each) for each in told
        )

    def sums(self, wanted: Sequence[tuple[PurePosixPath, int, int]]) -> tuple[Sum | None, ...]:
        told = self._channel.ask("sums", wanted=[(str(path), offset, size) for path, offset, size in wanted])
        return tuple(None if each is None else Sum(*each) for each in told)

    def folders(self, folder: PurePosixPath) -> tuple[str, ...]:
        return tuple(self._channel.ask("folders", path=str(folder)))

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        return tuple(FileEntry(*each) for each in self._channel.ask("files", path=str(folder)))
