"""`cynthus run`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.ending import follow_through

if TYPE_CHECKING:
    from cynthus.operations.readying import Allowed


@click.command(
    cls=options.WithArguments,
    epilog=options.examples("cynthus run", "cynthus run weather --detach", "cynthus run -- --seed 2"),
)
@options.where
@options.target
@options.yes
@options.no_deadline
@options.keep
@options.allowing
@options.detach
@options.as_json
@click.pass_context
@pass_app
def command(
    app: App, ctx: click.Context, where: str | None, target: str | None, *, yes: bool, no_deadline: bool,
    keep: bool, allowed: Allowed, detach: bool, as_json: bool,
) -> None:
    """Start a run, also where nothing has changed since the last one.

    It starts on the machine that stands, or on one that is made for it after its price was shown. A run that goes on
    already is followed.
    """
    from cynthus.operations.up import Request, run

    asked = Request(where, target, ctx.meta["arguments"], yes, allowed, no_deadline=no_deadline, keep=keep)
    outcome = run(app.tools, asked)
    follow_through(app, outcome, where, detach=detach, as_json=as_json)
