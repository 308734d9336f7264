"""`cynthus update-src`"""

from __future__ import annotations

import click

from cynthus.cli import options
from cynthus.cli.commands.update import command as update
from cynthus.cli.new_data import folder_of


@click.command(cls=options.WithArguments, epilog=options.examples("cynthus update-src", "cynthus update-src weather"))
@options.where
@options.src_path
@options.target
@options.yes
@options.detach
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, where: str | None, src_path: str | None, **given: object) -> None:
    """The same as `cynthus update --src`: bring changed source only, and start again."""
    ctx.invoke(update, **given, where=folder_of(where, src_path), src=True, data=False)
