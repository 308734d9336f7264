"""`cynthus prepare`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.ending import report_outcome

if TYPE_CHECKING:
    from cynthus.operations.readying import Allowed


@click.command(
    cls=options.WithArguments, epilog=options.examples("cynthus prepare", "cynthus prepare examples/hello -y")
)
@options.where
@options.target
@options.yes
@options.allowing
@options.as_json
@click.pass_context
@pass_app
def command(
    app: App, ctx: click.Context, where: str | None, target: str | None, *, yes: bool, allowed: Allowed, as_json: bool
) -> None:
    """Do everything that `up` does short of starting main.py; nothing that bills by the hour is made."""
    from cynthus.operations.up import Request, prepare

    outcome = prepare(app.tools, Request(where, target, ctx.meta["arguments"], yes, allowed))
    report_outcome(app, outcome, where, as_json=as_json)
