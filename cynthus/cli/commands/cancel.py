"""`cynthus cancel`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.ending import next_steps


@click.command(epilog=options.examples("cynthus cancel", "cynthus cancel weather"))
@options.where
@options.target
@options.as_json
@pass_app
def command(app: App, where: str | None, target: str | None, *, as_json: bool) -> None:
    """End the run that goes on; the machine and what lies there stay."""
    from cynthus.operations.cancel import cancel

    site, run = cancel(app.tools, where, target=target)
    if as_json:
        app.console.document(documents.cancel(site, run))
        return
    app.console.result(f"run {run.id} {run.state}: {run.reason}")
    next_steps(app, where, "pull", "run", "down")
