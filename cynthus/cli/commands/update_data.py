"""`cynthus update-data`"""

from __future__ import annotations

import click

from cynthus.cli import options
from cynthus.cli.commands.update import command as update


@click.command(cls=options.WithArguments, epilog=options.examples("cynthus update-data", "cynthus update-data weather"))
@options.where
@options.target
@options.yes
@options.detach
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, **given: object) -> None:
    """The same as `cynthus update --data`: bring changed data only, and start again."""
    ctx.invoke(update, **given, src=False, data=True)
