"""Talking to the agent on a host: its verbs by the host's connection, its answers as values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import CynthusError, HostError, HostUnreachable, error_of_code
from cynthus.process import CommandTimeout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from cynthus.targets.connection import Connection


class HostAgent(Struct, frozen=True):
    """The agent of one deployment on one host."""

    connection: Connection
    deployment: str
    name: str = "host-0"
    rank: int = 0
    """The host's place among those of the deployment."""
    gone: bool = False
    """Whether there is no such machine any more, and what it has saved speaks for it."""
    earlier: HostAgent | None = None
    """Who tells of a run's earlier attempts, where those were on machines that are gone."""

    @property
    def home(self) -> PurePosixPath:
        """Where the deployment lies there."""
        # Not a cached property: up to Python 3.11 all of a class share one lock, and one host would hold up all others.
        return self.connection.home(self.deployment)

    @property
    def program(self) -> PurePosixPath:
        return self.home / "agent.pyz"

    @property
    def installation_log(self) -> PurePosixPath:
        """What the installer says, as long as an environment is being made."""
        return self.home / "environments/current.log"

    @property
    def present(self) -> bool:
        """Whether anything of the deployment has reached the host."""
        return self.connection.size(self.program) is not None

    @property
    def absent(self) -> bool:
        """Whether nothing of the deployment is on the host. Of one that does not answer nobody knows that."""
        try:
            return not self.present
        except HostUnreachable:
            return False

    def argv(self, verb: str, *arguments: str, program: PurePosixPath | None = None) -> tuple[str, ...]:
        # -I: nothing of the user's Python settings; -S: no site-packages, which also starts faster.
        words = (self.connection.python, "-I", "-S", str(program or self.program), verb)
        return (*words, "--home", str(self.home), *arguments)

    def call(
        self, verb: str, *arguments: str, stdin: bytes = b"", timeout: float | None = 120,
        program: PurePosixPath | None = None,
    ) -> Mapping[str, object]:
        """Run a verb and give its answer. `program` is another copy of the agent than that in its home.

        Raises:
            HostError: it failed, or what it said makes no sense.
            CynthusError: of the class that the agent's own error names.
        """
        try:
            answer = self.connection.run(self.argv(verb, *arguments, program=program), stdin=stdin, timeout=timeout)
        except CommandTimeout:
            raise HostError(
                f"the agent on the host did not answer {verb!r} within {timeout} s", hint="run the command again"
            ) from None
        said = _json_object(answer.stdout)
        if said is not None and isinstance(problem := said.get("error"), dict):
            raise host_error(problem)
        if answer.returncode or said is None:
            text = (answer.stderr or answer.stdout).decode(errors="replace").strip()
            raise HostError(
                f"the agent on the host could not do {verb!r} (exit code {answer.returncode})",
                hint="`cynthus doctor` checks the host",
                details=text.splitlines()[-10:],
            )
        return said

    def stop(self, run: str, reason: str, attempt: int | None = None) -> None:
        """End an attempt at a run, or (None) the run and whatever might begin of it; comes back when that is done.

        Raises:
            HostError: it does not end.
        """
        which = () if attempt is None else ("--attempt", str(attempt))
        # The agent knows how long a run may take to end, and gives up by itself.
        self.call("stop", "--run", run, *which, "--reason", reason, timeout=None)

    def remove(self) -> None:
        """Take everything of the deployment off the host; fine where nothing is there."""
        if self.present:
            self.call("remove", timeout=None)

    @property
    def checkpoints(self) -> PurePosixPath:
        return self.home / "checkpoints"

    @property
    def checkpoints_begun(self) -> PurePosixPath:
        """What the checkpoints began with, as `cynthus.state.known` reads it."""
        return self.home / "checkpoints.json"

    def run_folder(self, run: str) -> PurePosixPath:
        return self.home / "runs" / run

    def outputs(self, run: str) -> PurePosixPath:
        return self.run_folder(run) / "outputs"

    def newest_attempt(self, run: str) -> int:
        """The number of the newest attempt at a run that has begun there; 1 where none has."""
        begun = self.connection.folders(self.run_folder(run) / "attempts")
        return max((int(name) for name in begun if name.isdecimal()), default=1)

    def attempt_folder(self, run: str, attempt: int) -> PurePosixPath:
        return self.run_folder(run) / "attempts" / str(attempt) / str(self.rank)

    def log(self, run: str, attempt: int) -> PurePosixPath:
        return self.attempt_folder(run, attempt) / "log"

    def status(self, run: str, attempt: int) -> Mapping[str, object] | None:
        """The attempt's status.json as it lies there; None before the run has started.

        A damaged one is not taken for none: then the agent is asked, who knows by the processes and writes it anew.
        """
        try:
            data = self.connection.read(self.attempt_folder(run, attempt) / "status.json")
        except OSError:
            data = b""
        return None if data is None else _json_object(data) or self.asked(run)

    def asked(self, run: str) -> Mapping[str, object] | None:
        """What the agent itself says of a run's newest attempt: it looks at the processes, and starts what watches
        them where that was killed. None where it cannot answer."""
        try:
            return self.call("status", "--run", run, "--rank", str(self.rank))
        except CynthusError:
            return None


def host_error(problem: Mapping[str, object]) -> CynthusError:
    """The error that the agent describes, in the class that its code names."""
    details = problem.get("details")
    return error_of_code(str(problem.get("code")), HostError)(
        str(problem.get("message", "the agent reported an error")),
        hint=str(problem.get("hint") or "`cynthus doctor` checks the host"),
        details=[str(line) for line in details] if isinstance(details, list) else (),
    )


def _json_object(data: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
