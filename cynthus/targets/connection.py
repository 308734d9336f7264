"""What a connection is: how a host is reached, read and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import PurePosixPath

    from cynthus.process import Command, Completed


class FileEntry(Struct, frozen=True):
    """One file or symbolic link below a folder on a host: its path relative to that folder, its bytes, last change in
    nanoseconds and permissions, and of a link what it says, as it says it. Only `path` and `link` matter of a link."""

    path: str
    size: int
    mtime_ns: int
    mode: int
    link: str | None = None


class Sum(Struct, frozen=True):
    """The SHA-256 of a part of a file: in hexadecimal, over how many bytes (fewer where the file ends before), and when
    the file was changed last, in nanoseconds."""

    digest: str
    size: int
    mtime_ns: int


class Tunnel(Protocol):
    """A port of a host that is forwarded to this machine."""

    @property
    def stands(self) -> bool:
        """Whether it has not been cut.

        Raises:
            HostError: it has not, but the host lets nothing through.
        """

    def close(self) -> object:
        """End it."""


class Claim(Struct, frozen=True):
    """To a host's lock of a deployment, by somebody who is told from all others by a `token` and describes itself in
    `holder`. Whoever holds the lock and was not heard of for `seconds` has lost it, and so has the one of the token
    `over`."""

    deployment: str
    token: str
    holder: Mapping[str, object]
    seconds: float
    over: str = ""


class Hold(Struct, frozen=True):
    """What came of asking for a host's lock: whether it is `taken`, and of somebody else who has it, or had it and was
    `silent` for so many seconds, the `holder` as that one described itself and its `token`."""

    taken: bool
    holder: Mapping[str, object] | None = None
    token: str = ""
    silent: float = 0.0


class Connection(Protocol):
    """A way to one host. Paths are the host's own. A file that is there and cannot be read is an OSError."""

    python: str
    """The interpreter on the host that runs our agent."""

    def home(self, deployment: str) -> PurePosixPath:
        """Where a deployment lies on the host.

        Raises:
            HostUnreachable: the host must be asked and does not answer; so may each of the others.
        """

    def renew(self) -> None:
        """Forget what is open: a user's new groups count only in sessions that begin after they were given."""

    def hurry(self) -> None:
        """Wait no longer than a few seconds, from now on, for a host that was there to come back: somebody looks."""

    def hold(self, claim: Claim, *, within: float | None = None) -> Hold:
        """Take the host's lock, or renew it. `within` is how many seconds a cut may last.

        Raises:
            OSError: nothing can be written there.
        """

    def let_go(self, deployment: str, token: str) -> None:
        """Give that lock back; one that somebody else has by now stays."""

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> Completed:
        """Run a command on the host and capture what it prints.

        Raises:
            OSError: it cannot be started.
            CommandTimeout: it did not end within `timeout` seconds and was killed.
        """

    def command(self, argv: Sequence[str], *, tty: bool) -> Command:
        """The command that, run here, runs `argv` there with this terminal attached; without words, a shell."""

    def forward(self, port: int, local_port: int) -> Tunnel | None:
        """Bring 127.0.0.1:`port` of the host to 127.0.0.1:`local_port` of this machine; None where both are the same
        machine, and there is nothing to bring.

        Raises:
            PortTaken: another program of this machine listens there.
        """

    def size(self, path: PurePosixPath) -> int | None:
        """The size of a file in bytes, or None if there is none."""

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        """Up to `limit` bytes of a file from `offset`; b'' at its end, None if there is no such file.

        Raises:
            OSError: it cannot be read, or is no file: nobody waits at a named pipe.
        """

    def read_several(self, wanted: Sequence[tuple[PurePosixPath, int]]) -> tuple[bytes | OSError | None, ...]:
        """The beginnings of many files, by path and limit, in one go: of each what `read` gives or raises."""

    def sums(self, wanted: Sequence[tuple[PurePosixPath, int, int]]) -> tuple[Sum | None, ...]:
        """The checksums of parts of files, by path, offset and size, as the host itself reads them; None for one that
        is not there or cannot be read."""

    def folders(self, folder: PurePosixPath) -> tuple[str, ...]:
        """The names of the folders in `folder`, in order; none if it does not exist."""

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        """All regular files and links below `folder`, in order of path; none if it does not exist.

        No link is followed, and `folder` itself may be anything.
        """
