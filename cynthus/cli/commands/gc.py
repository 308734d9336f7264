"""`cynthus gc`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import leftovers_document, options
from cynthus.cli.app import App, pass_app

if TYPE_CHECKING:
    from cynthus.operations.gc import Swept


@click.command(epilog=options.examples("cynthus gc --dry-run", "cynthus gc -y", "cynthus gc --project lab-4711"))
@click.option("--dry-run", is_flag=True, help="Show it and remove nothing.")
@click.option("--project", metavar="ID", default="", help="The cloud project, if not the folder's or your usual one.")
@click.option("--target", metavar="NAME", default="gcp", show_default=True, help="The kind of cloud.")
@options.yes
@click.option(
    "--discard", is_flag=True,
    help="Also buckets with what is in them, and machines that run and may be another computer's of yours; it is lost.",
)
@click.option("--all-owners", is_flag=True, help="Also what is somebody else's, or of whom nothing says whose it is.")
@options.as_json
@pass_app
def command(
    app: App, *, dry_run: bool, project: str, target: str, yes: bool, discard: bool, all_owners: bool, as_json: bool
) -> None:
    """Find in a cloud project what Cynthus left over there, show it and remove it.

    That is what Cynthus has made and no deployment of yours claims, and machines whose time is up. What is of somebody
    else, what somebody may be at work on, and buckets with something in them stay.
    """
    from cynthus.cli.leftovers_text import ending, lines
    from cynthus.operations.gc import Wanted, gc

    wanted = Wanted(target, project, dry_run, yes, discard, all_owners)
    # Who is asked has seen what about, whoever reads the document.
    write = app.console.say if as_json else app.console.result

    def show(swept: Swept) -> None:
        for line in lines(swept.found):
            write(line)

    def report(swept: Swept) -> None:
        if as_json:
            app.console.document(leftovers_document.leftovers(swept, dry_run=dry_run))
        else:
            app.console.say(ending(swept, dry_run=dry_run))

    gc(app.tools, wanted, show=show, report=report)
