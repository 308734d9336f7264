"""`cynthus` under a shell that closed, filled or abandoned its standard streams."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from cynthus.cli.console import Console, Unread
from cynthus.cli.streams import let_go, tell
from cynthus.errors import DiskFull
from cynthus.process import Command, Completed, run

FULL = Path("/dev/full")


def shell(line: str) -> Completed:
    """What a line of a shell comes to; `cynthus` in it is ours."""
    program = f"cynthus() {{ '{sys.executable}' -m cynthus \"$@\"; }}; {line}"
    return run(Command(("sh", "-c", program), env={**os.environ}))


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_reason_to_fail(closed: str) -> None:
    answer = shell(f"cynthus version {closed}")
    assert (answer.returncode, answer.stderr) == (0, b"")


def test_of_a_command_with_a_closed_stdout_nothing_lands_elsewhere() -> None:
    answer = shell("cynthus version >&-")
    assert (answer.stdout, answer.stderr) == (b"", b"")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_stdout_is_an_error_with_a_code() -> None:
    answer = shell("cynthus version >/dev/full")
    assert answer.returncode == 1
    assert answer.stderr.decode() == (
        "error [CYN-504]: stdout: no space left\n  next: make room there and run the command again\n"
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_help_into_a_full_stdout_is_an_error_with_a_code() -> None:
    answer = shell("cynthus --help >/dev/full")
    assert (answer.returncode, b"CYN-504" in answer.stderr, b"ignored" in answer.stderr) == (1, True, False)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_stderr_hides_the_error_and_keeps_its_exit_code() -> None:
    assert shell("cynthus explain nonsense 2>/dev/full").returncode == 2


def test_a_reader_that_has_gone_is_no_error() -> None:
    answer = shell("{ cynthus explain; echo $? >&2; } | true")
    assert answer.stderr == b"0\n"


def abandoned() -> io.TextIOWrapper:
    """A pipe that nobody reads from any more."""
    ear, mouth = os.pipe()
    os.close(ear)
    return io.TextIOWrapper(io.FileIO(mouth, "w"), write_through=True)


def test_a_result_that_nobody_reads_is_unread() -> None:
    with abandoned() as stream, pytest.raises(Unread):
        Console(stream, io.StringIO(), color=False).result("a line")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_log_on_a_full_disk_is_told_as_one() -> None:
    with open(FULL, "w", encoding="utf-8") as stream:
        with pytest.raises(DiskFull, match="stdout"):
            Console(stream, io.StringIO(), color=False).log(b"a line\n")
        let_go(stream)


def test_what_is_said_beside_the_results_may_go_unread() -> None:
    with abandoned() as stream:
        tell("one", stream)
        tell("two", stream)
