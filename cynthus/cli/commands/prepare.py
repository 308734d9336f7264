"""`cynthus prepare`"""

from __future__ import annotations

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.ending import report_outcome


@click.command(
    cls=options.WithArguments, epilog=options.examples("cynthus prepare", "cynthus prepare examples/hello -y")
)
@options.where
@options.target
@options.yes
@options.as_json
@click.pass_context
@pass_app
def command(app: App, ctx: click.Context, where: str | None, target: str | None, *, yes: bool, as_json: bool) -> None:
    """Do everything that `up` does short of starting main.py; nothing that bills by the hour is made."""
    from cynthus.operations.up import Request, prepare

    outcome = prepare(app.tools, Request(where, target, ctx.meta["arguments"], yes))
    report_outcome(app, outcome, where, as_json=as_json)
