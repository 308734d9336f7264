"""`cynthus catalog`, with what it can do about the table of machines and prices"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.groups import Group


@click.group(cls=Group, epilog=options.examples("cynthus catalog update", "cynthus catalog update --dry-run --json"))
def command() -> None:
    """Bring what is known of a cloud's machines and prices up to date."""


@command.command(epilog=options.examples("cynthus catalog update", "cynthus catalog update --project lab-4711"))
@click.option("--dry-run", is_flag=True, help="Show what has changed and write nothing.")
@click.option(
    "--project", metavar="ID", default="",
    help="The cloud project that asks, if not your usual one; the answer is the same for all.",
)
@click.option("--target", metavar="NAME", default="gcp", show_default=True, help="The kind of cloud.")
@options.as_json
@pass_app
def update(app: App, *, dry_run: bool, project: str, target: str, as_json: bool) -> None:
    """Ask Google Cloud which machines it has where and for how much, and keep that as your own table.

    It counts in place of the table of this version as long as it is the newer of the two. It takes a login, the Compute
    Engine API and the Cloud Billing API; nothing is made, and nothing costs.
    """
    from cynthus.cli import catalog_text
    from cynthus.operations.catalog import Wanted
    from cynthus.operations.catalog import update as renew

    renewal = renew(app.tools, Wanted(target, project, dry_run))
    if as_json:
        app.console.document(documents.catalog(renewal))
        return
    for line in catalog_text.lines(renewal):
        app.console.result(line)
    for line in catalog_text.notes(renewal):
        app.console.say(line)
