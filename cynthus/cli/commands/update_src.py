"""`cynthus update-src`"""

from __future__ import annotations

import click

from cynthus.cli import options
from cynthus.cli.commands.update import command as update


@click.command(cls=options.WithArguments, epilog=options.examples("cynthus update-src", "cynthus update-src weather"))
@options.where
@options.target
@options.yes
@options.detach
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, **given: object) -> None:
    """The same as `cynthus update --src`: bring changed source only, and start again."""
    ctx.invoke(update, **given, src=True, data=False)
