"""Commands that make an environment, one after the other."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cynthus import process
from cynthus.agent.failure import ENVIRONMENT, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import IO

    Feed = Callable[[IO[bytes]], None]

CURRENT = "current.log"
"""A link to the log of what is being made just now, for whoever wants to look on; it is gone afterwards."""
_LAST_LINES = 20
_BUILDKIT = re.compile(
    r"#[0-9]+ (?:(?P<said>[0-9]+\.[0-9]{1,3} .*)|(?P<error>ERROR: .*)|.*)| > \[|-{6}$|executor failed running "
)
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")


class Steps:
    """What the commands print goes to `log`, written anew; they hold the lock that is open as `descriptor`.

    Within the `with` block the link CURRENT leads to the log.
    """

    def __init__(self, log: Path, descriptor: int, variables: Mapping[str, str]) -> None:
        self._log = log
        self._descriptor = descriptor
        self._variables = variables
        self._current = log.with_name(CURRENT)

    def __enter__(self) -> Steps:
        self._log.write_bytes(b"")
        # Replaced, not made: a build that was killed left its own.
        made = self._log.with_name(f".{self._log.name}.link")
        made.unlink(missing_ok=True)
        made.symlink_to(self._log.name)
        made.replace(self._current)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(FileNotFoundError):
            if str(self._current.readlink()) == self._log.name:
                self._current.unlink()

    def run(
        self, argv: tuple[str, ...], problem: str, *, cwd: Path | None = None, feed: Feed | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Run one to its end; `feed` writes what it reads on stdin, which stays open until then if `feed` leaves it so.

        `variables` are for this command alone.

        Raises:
            Failure: it failed; `problem` says what that means, and the last lines that it said come with it.
            OSError: it cannot be started.
        """
        with open(self._log, "ab") as output:
            begun = output.tell()
            command = process.Command(argv, cwd=cwd, env={**self._variables, **(variables or {})})
            # It holds the lock too: if we are killed, nobody builds here while it still writes.
            held = (self._descriptor,)
            with process.start(command, stdout=output, stderr=output, inherit=held, fed=feed is not None) as started:
                try:
                    with _fed(started.stdin, feed):
                        code = started.wait()
                except BaseException:
                    process.kill_group(started.pid)
                    raise
        if code:
            raise Failure(
                problem, hint=f"mend them and try again; all that was said is in {self._log}", code=ENVIRONMENT,
                details=self._last_lines(begun),
            )

    def _last_lines(self, begun: int) -> list[str]:
        """Of what was said from there on: what went wrong before is no reason for what goes wrong now."""
        with open(self._log, "rb") as log:
            log.seek(begun)
            said = [own_words(line) for line in log.read().decode(errors="replace").splitlines()]
        return [without_credentials(line) for line in said if line.strip()][-_LAST_LINES:]


@contextmanager
def _fed(stdin: IO[bytes] | None, feed: Feed | None) -> Iterator[None]:
    """Within the block the command has all that is written to it, and its stdin is still open."""
    if stdin is None or feed is None:
        yield
        return
    try:
        # One that ends without having read it all says itself why.
        with suppress(BrokenPipeError):
            feed(stdin)
            if not stdin.closed:
                stdin.flush()
        yield
    finally:
        with suppress(BrokenPipeError):
            stdin.close()


def own_words(line: str) -> str:
    """What an installer said, of a line that BuildKit printed; '' for what BuildKit says of its own steps."""
    found = _BUILDKIT.match(line)
    if found is None:
        return line
    return (found["said"] or "").partition(" ")[2] or found["error"] or ""


def without_credentials(line: str) -> str:
    """A line without the user's name and password in an address."""
    return _CREDENTIALS.sub("", line)
