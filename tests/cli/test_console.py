from __future__ import annotations

import io
import json
import time
from typing import TextIO

import click
import pytest
import rich.console

from cynthus.cli.console import Console
from cynthus.cli.progress_live import LiveProgress, LiveStep
from cynthus.cli.progress_plain import PlainProgress
from cynthus.errors import ConfirmationNeeded


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def streams() -> tuple[io.TextIOWrapper, io.StringIO]:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()


def written(out: TextIO) -> bytes:
    out.flush()
    raw = out.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue()


def test_results_go_to_out_and_everything_else_to_err() -> None:
    out, err = streams()
    console = Console(out, err, color=True)
    console.result("asked for")
    console.say("beside")
    assert (written(out), err.getvalue()) == (b"asked for\n", "beside\n")


def test_a_log_arrives_byte_by_byte() -> None:
    out, err = streams()
    Console(out, err, color=True).log(bytes(range(256)))
    assert written(out) == bytes(range(256))


def test_a_document_is_one_json_object() -> None:
    out, err = streams()
    Console(out, err, color=True).document({"schema": 1, "name": "é"})
    assert json.loads(written(out)) == {"schema": 1, "name": "é"}


def test_columns_of_a_table_stand_below_each_other() -> None:
    out, err = streams()
    Console(out, err, color=True).table(("A", "B"), [("long word", "x"), ("y", "z")])
    assert written(out).decode().splitlines() == ["A          B", "long word  x", "y          z"]


def test_where_nobody_can_be_asked_a_question_is_an_error() -> None:
    out, err = streams()
    with pytest.raises(ConfirmationNeeded, match="this adds 1"):
        Console(out, err, color=True).confirm("Make it?", consequence="this adds 1")


def test_progress_in_a_pipe_is_plain() -> None:
    assert isinstance(Console(*streams(), color=True).progress, PlainProgress)


def test_progress_on_a_terminal_moves() -> None:
    assert isinstance(Console(streams()[0], Tty(), color=True).progress, LiveProgress)


def test_a_plain_step_has_a_line_at_its_start_and_one_at_its_end() -> None:
    err = io.StringIO()
    with PlainProgress(err).step("Plan") as step:
        step.activity("thinking")
        step.result("add 1")
    first, last = err.getvalue().splitlines()
    assert first == "Plan ..."
    assert last.startswith("Plan: add 1 (")


def test_a_long_plain_step_says_now_and_then_what_happens() -> None:
    err = io.StringIO()
    with PlainProgress(err, quiet=0).step("Configure") as step:
        step.activity("Downloading torch")
    assert err.getvalue().splitlines()[1].startswith("Configure: Downloading torch (")


def test_a_long_plain_step_says_how_far_it_is() -> None:
    err = io.StringIO()
    with PlainProgress(err, quiet=0).step("Bring") as step:
        step.activity("model.pt")
        step.amount(5, 10)
    assert err.getvalue().splitlines()[2].startswith("Bring: model.pt  5 B of 10 B (")


def test_a_brief_plain_step_has_one_line() -> None:
    err = io.StringIO()
    with PlainProgress(err).step("Bring", brief=True) as step:
        step.result("2 files")
    assert [line.partition(" (")[0] for line in err.getvalue().splitlines()] == ["Bring: 2 files"]


def shown(step: LiveStep, width: int = 100) -> str:
    """What stands on a terminal that is so many characters wide."""
    console = rich.console.Console(width=width, file=io.StringIO())
    with console.capture() as capture:
        console.print(step)
    return click.unstyle(capture.get())


def test_a_live_step_of_more_than_a_second_has_a_bar() -> None:
    step = LiveStep("Bring", since=time.monotonic() - 2)
    step.amount(500, 1000)
    assert "━" * 10 + "─" * 10 + "  500 B of 1.0 kB" in shown(step)


@pytest.mark.parametrize(("width", "bars"), [(60, 1), (50, 1), (40, 0)])
def test_on_a_narrow_terminal_the_numbers_stay(width: int, bars: int) -> None:
    step = LiveStep("Bring", since=time.monotonic() - 2)
    step.activity("a very long name of a file that goes on and on")
    step.amount(500, 1000)
    line = shown(step, width)
    assert ("500 B of 1.0 kB" in line, min(1, line.count("━")), len(line.rstrip("\n")) <= width) == (
        True, bars, True,
    )  # fmt: skip


def test_a_live_step_of_a_moment_has_none() -> None:
    step = LiveStep("Bring")
    step.amount(500, 1000)
    assert "━" not in shown(step)


def test_a_plain_step_that_failed_says_so() -> None:
    err = io.StringIO()
    with pytest.raises(ValueError, match="x"), PlainProgress(err).step("Plan"):
        raise ValueError("x")
    assert err.getvalue().splitlines()[1].startswith("Plan: failed after ")


def test_a_warning_in_a_pipe_is_called_one() -> None:
    err = io.StringIO()
    PlainProgress(err).warn("careful")
    assert err.getvalue() == "warning: careful\n"


def test_a_live_step_ends_as_one_line() -> None:
    err = Tty()
    progress = LiveProgress(err, color=False)
    with progress.step("Plan") as step:
        step.result("add 1")
    assert click.unstyle(err.getvalue()).endswith("✓ Plan  0.0 s  add 1\n")


def test_a_live_step_that_failed_has_a_cross() -> None:
    err = Tty()
    with pytest.raises(ValueError, match="x"), LiveProgress(err, color=False).step("Plan"):
        raise ValueError("x")
    assert click.unstyle(err.getvalue()).endswith("✗ Plan  0.0 s  stopped here\n")
