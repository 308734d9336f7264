"""The three standard streams as a caller may have left them: closed, full, or with nobody at the other end."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def stand_in() -> None:
    """Open /dev/null for every standard stream that is closed.

    A file that is opened later would get its number: ansible-playbook, say, would then read from our lock.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
            # Python has no object for a stream that was closed when it started.
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def tell(text: str, stream: TextIO) -> None:
    """A line beside the results. That nobody can read it is no reason to fail."""
    aside(lambda: click.echo(text, file=stream), stream)


def aside(write: Callable[[], None], stream: TextIO) -> None:
    """Do `write`, to `stream`; from its first error on the stream takes everything and keeps nothing."""
    try:
        write()
    except OSError:
        let_go(stream)


def let_go(stream: TextIO) -> None:
    """Put /dev/null in the place of what cannot be written to: what is still buffered goes there at the end."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # it has none: nothing is buffered for a file
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)
