"""A host that does not exist any more: nothing is there, and nobody has to be waited for."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NoReturn

from cynthus.errors import HostUnreachable
from cynthus.targets.connection import Hold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.process import Command, Completed
    from cynthus.targets.connection import Claim, FileEntry, Sum


class AbsentConnection:
    """What a `cynthus.targets.base.Connection` comes to where the machine is gone. `name` is what it was called."""

    python = "python3"

    def __init__(self, name: str) -> None:
        self._name = name

    def home(self, deployment: str) -> PurePosixPath:
        return PurePosixPath("/", deployment)

    def renew(self) -> None:
        """There is nothing open."""

    def hurry(self) -> None:
        """Nobody is waited for."""

    def hold(self, claim: Claim, *, within: float | None = None) -> Hold:  # noqa: ARG002 - nobody else has it either
        return Hold(taken=True)

    def let_go(self, deployment: str, token: str) -> None:
        """There is none."""

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> Completed:  # noqa: ARG002 - whatever it is
        self._refuse()

    def command(self, argv: Sequence[str], *, tty: bool) -> Command:  # noqa: ARG002 - as above
        self._refuse()

    def forward(self, port: int, local_port: int) -> None:  # noqa: ARG002 - as above
        self._refuse()

    def size(self, path: PurePosixPath) -> None:  # noqa: ARG002 - nothing is there
        return None

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> None:  # noqa: ARG002 - as above
        return None

    def read_several(self, wanted: Sequence[tuple[PurePosixPath, int]]) -> tuple[bytes | OSError | None, ...]:
        return (None,) * len(wanted)

    def sums(self, wanted: Sequence[tuple[PurePosixPath, int, int]]) -> tuple[Sum | None, ...]:
        return (None,) * len(wanted)

    def folders(self, folder: PurePosixPath) -> tuple[str, ...]:  # noqa: ARG002 - as above
        return ()

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:  # noqa: ARG002 - as above
        return ()

    def _refuse(self) -> NoReturn:
        raise HostUnreachable(f"{self._name} does not exist any more", hint="`cynthus run` makes another one")
