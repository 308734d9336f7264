"""docs/reference/cli.md: what `--help` shows, for every verb."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

from cynthus.cli.main import VERBS, cli

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = """\
# Commands

The first argument is always `[DIR|DEPLOYMENT]`: a folder, or the name or id of a deployment; without it, the folder you
are in. What main.py prints goes to stdout, and so does a result that was asked for; everything else goes to stderr.
`--json` prints one JSON object on stdout ([the documents](json.md)). How a command ends is told by its
[exit code](exit-codes.md).

"""

SETTINGS: dict[str, Any] = {**cli.context_settings, "terminal_width": 100}


def page() -> str:
    """The group and each verb."""
    context = click.Context(cli, info_name="cynthus", **SETTINGS)
    verbs = [part for verb in VERBS for part in _verb(context, verb)]
    return HEAD + "\n".join([_section("cynthus", cli, context), *verbs])


def _verb(context: click.Context, verb: str) -> Iterator[str]:
    # Not by the group's get_command, which prepares a command for one invocation.
    module = importlib.import_module("cynthus.cli.commands." + verb.replace("-", "_"))
    here = _below(context, module.command, verb)
    yield _section(f"cynthus {verb}", module.command, here)
    if isinstance(module.command, click.Group):
        for name, each in module.command.commands.items():
            yield _section(f"cynthus {verb} {name}", each, _below(here, each, name))


def _below(context: click.Context, command: click.Command, verb: str) -> click.Context:
    return click.Context(command, info_name=verb, parent=context, **SETTINGS)


def _section(title: str, command: click.Command, context: click.Context) -> str:
    return f"## {title}\n\n```\n{command.get_help(context).rstrip()}\n```\n"
