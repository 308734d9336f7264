"""The one place that prints."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

import click

from cynthus.cli.streams import aside, tell
from cynthus.errors import ConfirmationNeeded, DiskFull
from cynthus.writing import FULL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cynthus.core.progress import Progress


class Unread(Exception):
    """Whoever read our output has gone."""


class Console:
    """Results and main.py's output go to `out`, everything else to `err`."""

    def __init__(self, out: TextIO, err: TextIO, *, color: bool) -> None:
        self._out = out
        self._err = err
        self.color = color and err.isatty()

    @cached_property
    def progress(self) -> Progress:
        """Live lines on a terminal, plain ones elsewhere."""
        if self._err.isatty():
            from cynthus.cli.progress_live import LiveProgress

            return LiveProgress(self._err, color=self.color)
        from cynthus.cli.progress_plain import PlainProgress

        return PlainProgress(self._err)

    @property
    def width(self) -> int:
        """Characters in a line of text; a very wide screen is not used up, for nobody reads such lines."""
        return min(100, shutil.get_terminal_size().columns)

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to answer a question."""
        return sys.stdin is not None and sys.stdin.isatty() and self._err.isatty()

    def say(self, text: str = "") -> None:
        """A line for the person, beside the results."""
        tell(text, self._err)

    def result(self, text: str) -> None:
        """A line that was asked for.

        Raises:
            Unread: nobody reads it.
            DiskFull: stdout is a file, and its disk is full.
        """
        with _read():
            click.echo(text, file=self._out)

    def document(self, value: Mapping[str, object]) -> None:
        """A result for a program: one JSON object."""
        self.result(json.dumps(value, indent=2, ensure_ascii=False))

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Columns as wide as they need to be."""
        lines = [tuple(head), *(tuple(row) for row in rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        for line in lines:
            self.result("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())

    def log(self, data: bytes) -> None:
        """Bytes of main.py's output, as they are.

        Raises:
            Unread, DiskFull: as `result`.
        """
        with _read():
            self._write(self._out, data)

    @property
    def on_screen(self) -> bool:
        """Whether a person sees both the results and what is beside them."""
        return self._out.isatty() and self._err.isatty()

    def log_aside(self, data: bytes) -> None:
        """The same where stdout belongs to a JSON result."""
        aside(lambda: self._write(self._err, data), self._err)

    def confirm(self, question: str, *, consequence: str, default: bool = True) -> bool:
        """Ask; Enter means `default`.

        Raises:
            ConfirmationNeeded: there is no terminal to ask on.
        """
        if not self.interactive:
            raise ConfirmationNeeded(f"{consequence}, and there is no terminal to ask on", hint="add -y to say yes")
        answers = {"": default, "y": True, "yes": True, "n": False, "no": False}
        return answers[self._ask(f"{question} [{'Y/n' if default else 'y/N'}]: ", answers)]

    def password(self, question: str) -> str | None:
        """What is typed without being shown; None where there is no terminal to ask on."""
        if not self.interactive:
            return None
        from cynthus.cli.keyboard import read_answer, unseen

        with unseen():
            click.echo(f"{question}: ", file=self._err, nl=False)
            answer = read_answer()
        self.say()  # the Enter was not shown either
        return answer

    def answer(self, question: str) -> str | None:
        """What is typed, without blanks around it; None where there is no terminal to ask on."""
        if not self.interactive:
            return None
        from cynthus.cli.keyboard import read_answer

        click.echo(f"{question}: ", file=self._err, nl=False)
        return read_answer().strip()

    def choose(self, question: str, options: Sequence[str], default: str) -> str:
        """One of `options`, by its name or first letter; Enter means `default`."""
        answers = {"": default, **{option[0]: option for option in options}, **{option: option for option in options}}
        return answers[self._ask(f"{question}: ", answers)]

    def _ask(self, question: str, answers: Mapping[str, object]) -> str:
        """Ask until the answer is one of `answers`."""
        from cynthus.cli.keyboard import read_answer

        while True:
            click.echo(question, file=self._err, nl=False)
            answer = read_answer().strip().lower()
            if answer in answers:
                return answer
            self.say(f"please answer with one of: {', '.join(filter(None, answers))}")

    @staticmethod
    def _write(stream: TextIO, data: bytes) -> None:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()


@contextmanager
def _read() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise Unread from None
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise DiskFull("stdout: no space left", hint="make room there and run the command again") from error
