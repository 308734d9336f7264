"""`cynthus diff`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app


@click.command(epilog=options.examples("cynthus diff", "cynthus diff weather --json"))
@options.where
@options.target
@options.as_json
@pass_app
def command(app: App, where: str | None, target: str | None, *, as_json: bool) -> None:
    """Show your edits of the rendered files. They are kept when the files are written again."""
    from cynthus.operations.diff import diff

    site, edited = diff(app.tools, where, target=target)
    if as_json:
        app.console.document(documents.diff(site, edited))
        return
    for root in edited:
        for edit in root.edits:
            app.console.result(edit.diff.rstrip("\n") if edit.diff else f"{edit.kind}: {edit.path}")
    if not any(root.edits for root in edited):
        app.console.say(f"no edits in infra/{site.target}/")
