from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import click
import pytest

from cynthus.cli.failure import from_os, guarded
from cynthus.errors import (
    CynthusError,
    DiskFull,
    FolderNotWritable,
    Locked,
    NotYaml,
    Problem,
    RunCancelled,
    RunFailed,
    UsageError,
)
from cynthus.process import Command, run

if TYPE_CHECKING:
    from collections.abc import Callable


def ending_with(what: Callable[[], object]) -> int:
    """The exit code of a command line whose command does `what`."""

    @click.command()
    def command() -> None:
        what()

    command.params = []
    return guarded(_WithoutArguments(command))


class _WithoutArguments(click.Command):
    def __init__(self, inner: click.Command) -> None:
        super().__init__("cynthus", callback=inner.callback)

    def main(self, *args: object, **given: object) -> object:  # type: ignore[override]  # the test types no words
        given["args"] = []
        return super().main(**given)  # type: ignore[call-overload]  # as click itself is called


def raiser(error: BaseException) -> Callable[[], object]:
    def throw() -> None:
        raise error

    return throw


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CynthusError("m", hint="h"), 1),
        (UsageError("m", hint="h"), 2),
        (RunFailed("m", hint="h"), 3),
        (Locked("m", hint="h"), 4),
        (RunCancelled("m", hint="h"), 5),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("m"), 2),
        (ValueError("m"), 1),
        (RecursionError("m"), 1),
        (OSError(errno.ENOSPC, "No space left on device", "f"), 1),
    ],
)
def test_every_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert ending_with(raiser(error)) == code


def test_an_error_is_told_with_its_code_and_what_to_do(capfd: pytest.CaptureFixture[str]) -> None:
    ending_with(raiser(CynthusError("it broke", hint="mend it", details=["one", "two"])))
    assert capfd.readouterr().err == "error [CYN-900]: it broke\n  one\n  two\n  next: mend it\n"


def test_a_defect_is_told_without_a_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    ending_with(raiser(ValueError("odd")))
    err = capfd.readouterr().err
    assert err.startswith("error [CYN-999]: ValueError: odd\n")
    assert "Traceback" not in err


def test_a_problem_in_a_text_is_shown_with_a_caret(capfd: pytest.CaptureFixture[str]) -> None:
    problem = Problem("cynthus.yaml", 3, 5, "bad", "write good", "CYN-118", "a: bcd")
    ending_with(raiser(NotYaml([problem])))
    assert capfd.readouterr().err.splitlines()[:4] == [
        "cynthus.yaml:3:5: bad [CYN-118]",
        "     3 | a: bcd",
        "       |     ^",
        "  next: write good",
    ]


def test_of_a_very_long_line_the_part_around_the_caret_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    problem = Problem("f", 1, 201, "bad", "h", "CYN-118", "x" * 200 + "!" + "y" * 200)
    ending_with(raiser(NotYaml([problem])))
    lines = capfd.readouterr().err.splitlines()
    assert lines[1][lines[2].index("^")] == "!"
    assert len(lines[1]) < 120


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EACCES, FolderNotWritable),
        (errno.EROFS, FolderNotWritable),
        (errno.EIO, CynthusError),
    ],
)
def test_errors_of_the_system_become_ours(number: int, kind: type[CynthusError]) -> None:
    assert type(from_os(OSError(number, os.strerror(number), "/some/file"))) is kind


def test_an_error_of_the_system_names_its_file() -> None:
    assert "/some/file" in from_os(OSError(errno.ENOSPC, "x", "/some/file")).message


def test_a_problem_that_no_line_has_is_shown_without_a_place(capsys: pytest.CaptureFixture[str]) -> None:
    from cynthus.errors import SpecError

    ending_with(raiser(SpecError([Problem("", 0, 0, "no main.py", "write one", "CYN-120")])))
    assert capsys.readouterr().err.startswith("no main.py [CYN-120]\n  next: write one\n")


def test_the_bare_word_is_answered_with_the_help() -> None:
    answer = run(Command((sys.executable, "-m", "cynthus")))
    assert answer.returncode == 2
    assert (answer.stdout + answer.stderr).startswith(b"Usage: cynthus ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("up", "--epochs", "3"), "arguments for main.py go after `--`: `cynthus up -- --epochs`"),
        (("down", "--epochs"), "`cynthus down --help` shows how it is typed"),
        (("explain", "a", "b"), "`cynthus explain --help` shows how it is typed"),
        (("logs", "--tail", "x"), "`cynthus logs --help` shows how it is typed"),
    ],
)
def test_a_wrong_command_line_has_a_code_and_a_next_step(words: tuple[str, ...], said: str) -> None:
    answer = run(Command((sys.executable, "-m", "cynthus", *words)))
    assert answer.returncode == 2
    assert "[CYN-100]" in answer.stderr.decode()
    assert said in answer.stderr.decode()
