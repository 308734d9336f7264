"""Commands that make an environment, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus import process
from cynthus.agent.failure import ENVIRONMENT, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LAST_LINES = 20


class Steps:
    """What the commands print goes to `log`, written anew; they hold the lock that is open as `descriptor`."""

    def __init__(self, log: Path, descriptor: int, variables: Mapping[str, str]) -> None:
        self._log = log
        self._log.write_bytes(b"")
        self._descriptor = descriptor
        self._variables = variables

    def run(self, argv: tuple[str, ...], problem: str, *, cwd: Path | None = None) -> None:
        """Run one to its end.

        Raises:
            Failure: it failed; `problem` says what that means, and the last lines of the log come with it.
            OSError: it cannot be started.
        """
        with open(self._log, "ab") as output:
            command = process.Command(argv, cwd=cwd, env=self._variables)
            # It holds the lock too: if we are killed, nobody builds here while it still writes.
            with process.start(command, stdout=output, stderr=output, inherit=(self._descriptor,)) as started:
                try:
                    code = started.wait()
                except BaseException:
                    process.kill_group(started.pid)
                    raise
        if code:
            raise Failure(
                problem, hint=f"mend them and try again; all that was said is in {self._log}", code=ENVIRONMENT,
                details=self._log.read_text(errors="replace").splitlines()[-_LAST_LINES:],
            )
