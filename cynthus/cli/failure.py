"""Turns whatever went wrong into a few lines on stderr and an exit code. No traceback without --debug."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from cynthus.cli.console import Unread
from cynthus.cli.streams import let_go, tell
from cynthus.errors import (
    CynthusError,
    DiskFull,
    FolderNotWritable,
    InternalError,
    Interrupted,
    SpecError,
    UsageError,
)
from cynthus.settings import debugging

if TYPE_CHECKING:
    from cynthus.errors import Problem


TERRAFORM_SPEAKERS = (("plan", "--detailed-exitcode"), ("render", "--check"))
"""The commands whose exit codes are Terraform's: 0 the same, 2 different, 1 any error."""


def guarded(group: click.Command) -> int:
    """Run the command line and give its exit code. Nothing stays in stdout for the interpreter to stumble over."""
    code = _ended(group)
    try:
        sys.stdout.flush()
    except OSError as error:
        let_go(sys.stdout)
        # Where a command has failed it has said why.
        return code if code or error.errno == errno.EPIPE else _report(from_os(error))
    return code


def _ended(group: click.Command) -> int:
    try:
        # In this mode click gives the code of an Exit as the result of the command.
        code = group.main(standalone_mode=False, prog_name="cynthus")
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # `cynthus` alone; an older click has no such class
            error.show()
            return _exit_code(2)
        return _report(from_click(error))
    except (KeyboardInterrupt, click.Abort):
        return _report(Interrupted("interrupted", hint="run the command again to go on"))
    except Unread:
        # `cynthus logs | head`: nothing to say and nobody to say it to.
        return 0
    except CynthusError as error:
        return _report(error)
    except OSError as error:
        return _report(from_os(error))
    except BaseException as error:
        if isinstance(error, SystemExit):
            raise
        return _report(_internal(error))
    return code if isinstance(code, int) else 0


def from_os(error: OSError) -> CynthusError:
    """The error of the operating system as one of ours."""
    where = f"{error.filename}: " if error.filename else ""
    reason = (error.strerror or str(error)).lower()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{where}no space left", hint="make room and run the command again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = "let this user read and write there, or use another folder"
        return FolderNotWritable(f"{where}{reason}", hint=hint)
    if error.errno is None:
        return _internal(error)
    return CynthusError(where + reason, hint="mend that and run the command again; --debug shows where it happened")


def from_click(error: click.ClickException) -> UsageError:
    """What click says about the words that were typed, as one of our errors."""
    ctx = getattr(error, "ctx", None)
    command = ctx.command_path if ctx is not None else "cynthus"
    hint = f"`{command} --help` shows how it is typed"
    if isinstance(error, click.NoSuchOption) and "arguments" in (ctx.meta if ctx is not None else {}):
        hint += f"; arguments for main.py go after `--`: `{command} -- {error.option_name}`"
    message = error.format_message().strip()
    return UsageError(message[:1].lower() + message[1:].rstrip("."), hint=hint)


def _internal(error: BaseException) -> CynthusError:
    return InternalError(
        f"{type(error).__name__}: {error}",
        hint="this is a defect of Cynthus: please report it with what the same command prints under `cynthus --debug`",
    )


def _report(error: CynthusError) -> int:
    if _debug():
        traceback.print_exc()
    paint = _Paint(sys.stderr.isatty() and "NO_COLOR" not in os.environ)
    lines = _spec_lines(error, paint) if isinstance(error, SpecError) else _lines(error, paint)
    tell("\n".join(lines), sys.stderr)
    return _exit_code(error.exit_code)


def _exit_code(code: int) -> int:
    """The code, but for the two commands that speak Terraform's table: there 2 means a difference, so errors are 1."""
    words = _typed()
    speaks_terraform = any({verb, option} <= words for verb, option in TERRAFORM_SPEAKERS)
    return 1 if speaks_terraform and code != Interrupted.exit_code else code


def _typed() -> set[str]:
    """The words of the command line that are meant for us."""
    words = sys.argv[1:]
    return set(words[: words.index("--")] if "--" in words else words)


def _lines(error: CynthusError, paint: _Paint) -> list[str]:
    head = f"{paint.red('error')} [{error.code}]: {error.message}"
    return [head, *(f"  {line}" for line in error.details), f"  {paint.cyan('next')}: {error.hint}"]


def _spec_lines(error: SpecError, paint: _Paint) -> list[str]:
    lines = [line for problem in error.problems for line in (*_problem_lines(problem, paint), "")]
    return [*lines, f"{paint.red('error')} [{error.code}]: {error.message}; nothing was touched"]


def _problem_lines(problem: Problem, paint: _Paint) -> list[str]:
    lines = [f"{problem.place}{paint.red(problem.message)} [{problem.code}]"]
    if problem.source:
        text, column = _window(problem.source.replace("\t", " "), problem.column)
        lines += [f"  {problem.line:>4} | {text}", f"       | {' ' * (column - 1)}^"]
    return [*lines, f"  {paint.cyan('next')}: {problem.hint}"]


def _window(text: str, column: int, width: int = 100) -> tuple[str, int]:
    """The part of a long line around `column`, and where the column is in it."""
    start = max(0, column - 1 - width // 2) if len(text) > width else 0
    part = "".join(letter if letter.isprintable() else "?" for letter in text[start : start + width])
    return part, column - start


def _debug() -> bool:
    return debugging(os.environ) or "--debug" in _typed()


class _Paint:
    def __init__(self, colour: bool) -> None:  # noqa: FBT001 - a private switch
        self._colour = colour

    def red(self, text: str) -> str:
        return click.style(text, fg="red", bold=True) if self._colour else text

    def cyan(self, text: str) -> str:
        return click.style(text, fg="cyan") if self._colour else text
