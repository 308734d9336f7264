"""`cynthus plan`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app


@click.command(epilog=options.examples("cynthus plan", "cynthus plan --detailed-exitcode"))
@options.where
@options.target
@options.yes
@options.no_deadline
@options.detailed
@options.as_json
@pass_app
def command(
    app: App, where: str | None, target: str | None, *, yes: bool, no_deadline: bool, detailed_exitcode: bool,
    as_json: bool,
) -> None:
    """Write the files, and show what `up` would make and what it would cost. Nothing is made."""
    from cynthus.operations.offer import describe, offer_lines
    from cynthus.operations.plan import plan
    from cynthus.operations.up import Request

    planned = plan(app.tools, Request(where, target, yes=yes, no_deadline=no_deadline))
    if as_json:
        app.console.document(documents.plan(planned))
    else:
        for line in offer_lines(planned.prepared):
            app.console.result(line)
        app.console.result(f"plan: {describe(planned.prepared.plan)}")
    if detailed_exitcode and not planned.prepared.plan.empty:
        raise click.exceptions.Exit(2)
