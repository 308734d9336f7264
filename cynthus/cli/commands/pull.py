"""`cynthus pull`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app


@click.command(epilog=options.examples("cynthus pull", "cynthus pull weather --run 20260102-030405-beef"))
@options.where
@options.run_id
@options.target
@options.as_json
@pass_app
def command(app: App, where: str | None, target: str | None, run_id: str | None, *, as_json: bool) -> None:
    """Bring home outputs and log of a run, of one that goes on too, and checkpoints; only what changed is copied."""
    from cynthus.operations.pull import pull

    pulled = pull(app.tools, where, target=target, run_id=run_id)
    if as_json:
        app.console.document(documents.pull(pulled))
        return
    if pulled.total:
        app.console.result(str(pulled.folder))
    if pulled.hint:
        app.console.say(pulled.hint)
