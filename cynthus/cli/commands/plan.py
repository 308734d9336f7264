"""`cynthus plan`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.wording import findings, price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.cli.console import Console
    from cynthus.core.placement import Considered


@click.command(epilog=options.examples("cynthus plan", "cynthus plan --explain", "cynthus plan --detailed-exitcode"))
@options.where
@options.target
@options.yes
@options.no_deadline
@options.detailed
@click.option("--explain", is_flag=True, help="Also which machines there were to choose from, and why not those.")
@options.as_json
@pass_app
def command(
    app: App, where: str | None, target: str | None, *, yes: bool, no_deadline: bool, detailed_exitcode: bool,
    explain: bool, as_json: bool,
) -> None:
    """Write the files, and show what `up` would make and what it would cost. Nothing is made."""
    from cynthus.operations.offer import describe, offer_lines
    from cynthus.operations.plan import plan
    from cynthus.operations.up import Request

    planned = plan(app.tools, Request(where, target, yes=yes, no_deadline=no_deadline))
    if as_json:
        app.console.document(documents.plan(planned))
    else:
        if explain:
            explanation(app.console, planned.reasons, planned.considered)
        for line in offer_lines(planned.prepared):
            app.console.result(line)
        app.console.result(f"plan: {describe(planned.prepared.plan)}")
        for line in findings(planned.amiss):
            app.console.result(line)
    if detailed_exitcode and not planned.prepared.plan.empty:
        raise click.exceptions.Exit(2)


def explanation(console: Console, reasons: Sequence[str], considered: Sequence[Considered]) -> None:
    """Why there and on that machine; a target that has nothing to choose from says only where."""
    for reason in reasons:
        console.result(reason)
    rows = [
        (each.machine, "-" if each.per_hour is None else price(each.per_hour), each.verdict) for each in considered
    ]
    if rows:
        console.table(("CONSIDERED", "PRICE", "VERDICT"), rows)
