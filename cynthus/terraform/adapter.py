"""Terraform as a program in a process."""

from __future__ import annotations

import errno
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cynthus.core.names import BACKEND
from cynthus.errors import (
    CynthusError,
    DiskFull,
    Interrupted,
    TerraformError,
    TerraformFailed,
    TerraformMissing,
    TerraformTimeout,
)
from cynthus.process import Command, CommandTimeout, Completed, run
from cynthus.terraform.activity import activity as words_for
from cynthus.terraform.command import CommandLines
from cynthus.terraform.diagnosis import Case, cut_short, explain, failed, needs_init, plain_lines, stopped, too_old
from cynthus.terraform.events import output_values, parse
from cynthus.terraform.execution import Execution, Patience
from cynthus.terraform.logs import new_log
from cynthus.terraform.report import Report
from cynthus.terraform.stamp import Stamp
from cynthus.terraform.state_file import state_is_local, written_by_newer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cynthus.core.plan import Plan
    from cynthus.terraform.binary import Binary
    from cynthus.terraform.client import Activity


class Timing(Struct, frozen=True):
    """How long things may take. `lock_timeout`: seconds to wait for somebody else's lock of the state."""

    patience: Patience = field(default_factory=Patience)
    lock_timeout: float = 300


class TerraformCli:
    """A `client.Terraform`. `environment` is the whole environment of its processes."""

    def __init__(
        self,
        root: Path,
        binary: Binary,
        *,
        environment: Mapping[str, str],
        logs: Path,
        activity: Activity,
        timing: Timing | None = None,
    ) -> None:
        self._root = root
        self._binary = binary
        self._environment = environment
        self._logs = logs
        self._activity = activity
        self._timing = timing or Timing()
        self._lines = CommandLines(binary)
        self._stamp = Stamp(root, binary)

    def init(self) -> bool:
        with self._files():
            if self._stamp.fresh():
                return False
        self._activity("preparing modules and providers")
        backend = self._root / BACKEND
        self._execute("init", self._lines.init(backend=backend if backend.is_file() else None))
        with self._files():
            self._stamp.write()
        return True

    def plan(self, out: Path, *, var_files: tuple[Path, ...] = (), destroy: bool = False) -> Plan:
        lock_timeout = self._timing.lock_timeout
        line = self._lines.plan(out, var_files=var_files, destroy=destroy, lock_timeout=lock_timeout)
        try:
            case = self._execute("plan", line, good=(0, 2))
            if not case.report.summarised:
                raise cut_short(case)
        except CynthusError:
            out.unlink(missing_ok=True)
            raise
        return case.report.plan(differs=case.ended.returncode == 2)

    def apply(self, plan: Path) -> Mapping[str, object]:
        report = self._execute("apply", self._lines.apply(plan, lock_timeout=self._timing.lock_timeout)).report
        # The report was cut short (a full disk, say), yet all went well: the state knows the rest.
        return self.outputs() if report.outputs is None else report.outputs

    def outputs(self) -> Mapping[str, object]:
        text = self._read("output", self._lines.output()).stdout
        try:
            return output_values(json.loads(text))
        except (ValueError, AttributeError):
            raise TerraformError(
                f"{self._binary.word} output in {self._root} printed something else than JSON",
                hint=f"run `{self._binary.word} output -json` there to see what; the program is {self._binary.path}",
            ) from None

    def resources(self) -> tuple[str, ...]:
        answer = self._read("state list", self._lines.state_list(), absent="No state file was found")
        return tuple(line for line in answer.stdout.decode(errors="replace").splitlines() if line)

    def _execute(self, verb: str, line: Sequence[str], *, good: tuple[int, ...] = (0,)) -> Case:
        """Run a command that may take long or change something; everything it says is kept in a log."""
        report = Report()

        def listen(text: bytes) -> None:
            event = parse(text)
            report.take(event)
            words = words_for(event)
            if words:
                self._activity(words)

        with self._files():
            log = new_log(self._logs, verb)
        execution = Execution(
            self._command(line),
            log,
            listen=listen,
            activity=self._activity,
            patience=self._timing.patience,
            may_kill=lambda: state_is_local(self._root),
        )
        with self._starting(line[0]):
            execution.start()
        ended = execution.wait()
        case = Case(verb, self._root, ended, report, log, self._binary.word)
        self._judge(case, good)
        return case

    def _judge(self, case: Case, good: tuple[int, ...]) -> None:
        """Raises: what the command came to, unless that is good."""
        well = case.ended.returncode in good
        if case.ended.interrupted or (case.ended.timed_out and not well):
            raise stopped(case)
        newer = written_by_newer(self._root, case.report.version) if case.report.version else None
        if newer and case.verb == "plan":
            # The state names a version and not whose it is.
            raise too_old(self._root, f"Terraform or OpenTofu {newer}", case.report.version)
        if not well:
            if needs_init("\n".join(case.lines())):
                self._stamp.forget()
            raise failed(case)

    def _read(self, verb: str, line: Sequence[str], *, absent: str = "") -> Completed:
        """Run a command that only reads the state.

        What it prints is kept nowhere: `output` shows sensitive values in the clear. `absent` are the words by which it
        says that there is no state.
        """
        answer = self._ask(verb, line)
        if answer.returncode != 0 and needs_init(answer.stderr.decode(errors="replace")):
            self._stamp.forget()
            self.init()
            answer = self._ask(verb, line)
        if answer.returncode == 0:
            return answer
        said = plain_lines(answer.stderr.decode(errors="replace"))
        if absent and absent in "\n".join(said):
            return Completed(0, b"", answer.stderr)
        raise explain("\n".join(said), self._root, said, self._binary.word) or TerraformFailed(
            f"{self._binary.word} {verb} failed in {self._root}",
            hint="mend what it says and run the command again",
            details=said,
        )

    def _ask(self, verb: str, line: Sequence[str]) -> Completed:
        try:
            with self._starting(line[0]):
                return run(self._command(line), timeout=self._timing.patience.timeout)
        except KeyboardInterrupt:
            raise Interrupted(
                f"{self._binary.word} {verb} in {self._root} was interrupted; it only read the state",
                hint="run the command again",
            ) from None
        except CommandTimeout:
            raise TerraformTimeout(
                f"{self._binary.word} {verb} in {self._root} did not end in time; it only read the state",
                hint="run the command again, or raise CYNTHUS_TERRAFORM_TIMEOUT",
            ) from None

    def _command(self, line: Sequence[str]) -> Command:
        return Command(tuple(line), cwd=self._root, env=self._environment)

    @contextmanager
    def _starting(self, program: str) -> Iterator[None]:
        if not self._root.is_dir():
            raise TerraformError(f"{self._root} is not there", hint="`cynthus render` writes it")
        with self._files():
            try:
                yield
            except OSError as error:
                if str(error.filename) != program:
                    raise
                raise TerraformMissing(
                    f"{program} cannot be started: {error.strerror}",
                    hint="install it again, or name another one in CYNTHUS_TERRAFORM",
                ) from None

    @contextmanager
    def _files(self) -> Iterator[None]:
        """Turns trouble with files of ours into errors."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(f"the disk is full: {error.filename}", hint="make room and run it again") from None
            raise TerraformError(f"{error.filename}: {error.strerror}", hint="mend that and run it again") from None
