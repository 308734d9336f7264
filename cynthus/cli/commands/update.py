"""`cynthus update`, and its two halves `update-src` and `update-data`"""

from __future__ import annotations

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.ending import follow_through


@click.command(
    cls=options.WithArguments,
    epilog=options.examples("cynthus update", "cynthus update --src", "cynthus update --data --detach"),
)
@options.where
@click.option("--src", is_flag=True, help="Bring the source only.")
@click.option("--data", is_flag=True, help="Bring the data only; main.py stays as it was started last.")
@options.target
@options.yes
@options.detach
@options.as_json
@click.pass_context
@pass_app
def command(
    app: App, ctx: click.Context, where: str | None, target: str | None, *,
    src: bool, data: bool, yes: bool, detach: bool, as_json: bool,
) -> None:
    """Bring changed source, data or both to the deployment that stands, and start again with them.

    A run that goes on is stopped first; what it has written comes home.
    """
    from cynthus.operations.up import Request
    from cynthus.operations.update import update

    both = src == data
    request = Request(where, target, ctx.meta["arguments"], yes)
    outcome = update(app.tools, request, source=src or both, data=data or both)
    follow_through(app, outcome, where, detach=detach, as_json=as_json)
