"""`cynthus down`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.removed_text import removed_text


@click.command(epilog=options.examples("cynthus down", "cynthus down weather -y"))
@options.where
@options.target
@options.yes
@options.discard
@click.option("--all", "forget", is_flag=True, help="Forget the deployment too, as `destroy` does.")
@click.option("--purge", is_flag=True, help="Also remove Docker and drivers from the hosts, if Cynthus installed them.")
@options.as_json
@pass_app
def command(
    app: App, where: str | None, target: str | None, *, yes: bool, discard: bool, forget: bool, purge: bool,
    as_json: bool,
) -> None:
    """Bring outputs home, then remove what was made for running.

    Outputs of all runs come home, and checkpoints, with which a later deployment begins. A run that goes on is
    stopped. Your folder stays, with infra/ and the outputs; `cynthus run` makes the rest again. Docker and drivers stay
    on machines of yours; with --purge those go that Cynthus has installed.
    """
    from cynthus.operations.down import down

    removed = down(app.tools, where, target=target, yes=yes, discard=discard, forget=forget, purge=purge)
    if as_json:
        app.console.document(documents.removed(removed))
    elif removed.site is None:
        app.console.say(removed_text(removed))
    else:
        app.console.result(removed_text(removed))
