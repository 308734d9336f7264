"""`cynthus destroy`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.removed_text import removed_text


@click.command(epilog=options.examples("cynthus destroy", "cynthus destroy weather -y"))
@options.where
@options.target
@options.yes
@options.discard
@options.as_json
@pass_app
def command(app: App, where: str | None, target: str | None, *, yes: bool, discard: bool, as_json: bool) -> None:
    """The same as `down`, and the deployment is forgotten too.

    Your folder stays as it is, with infra/ and the outputs that came home.
    """
    from cynthus.operations.down import down

    removed = down(app.tools, where, target=target, yes=yes, discard=discard, forget=True)
    if as_json:
        app.console.document(documents.removed(removed))
    elif removed.site is None:
        app.console.say(removed_text(removed))
    else:
        app.console.result(removed_text(removed))
