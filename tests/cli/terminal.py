"""The command line in this process: quick, for what needs no deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from cynthus.cli.main import cli

if TYPE_CHECKING:
    from click.testing import Result


def typed(*words: str) -> Result:
    """What a command line gives."""
    return CliRunner().invoke(cli, words)
