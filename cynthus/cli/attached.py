"""A command that takes this terminal over; its exit code becomes ours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from cynthus.process import Command


def on_terminal() -> bool:
    """Whether somebody types what the command will read."""
    return sys.stdin is not None and sys.stdin.isatty()


def attached(command: Command) -> NoReturn:
    """Run the command to its end and leave with its exit code."""
    from cynthus.process import attach

    code = attach(command)
    # As a shell tells that a signal ended a command.
    raise click.exceptions.Exit(code if code >= 0 else 128 - code)
