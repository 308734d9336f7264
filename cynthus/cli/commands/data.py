"""`cynthus data`, with what it can do about data and models"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.groups import Group


@click.group(
    cls=Group,
    epilog=options.examples(
        "cynthus data add hf://datasets/owner/name", "cynthus data ls --json", "cynthus data sync -y"
    ),
)
def command() -> None:
    """Add data and models, show what there is, or have the hosts fetch them now."""


@command.command(
    epilog=options.examples(
        "cynthus data add https://example.org/a.zip", "cynthus data add hf://owner/model --as big"
    )
)
@click.argument("address", metavar="ADDRESS")
@options.where
@click.option("--as", "name", metavar="NAME", help="It lies at ./data/NAME, a model at ./models/NAME.")
@pass_app
def add(app: App, address: str, where: str | None, name: str | None) -> None:
    """Write one more entry into cynthus.yaml.

    ADDRESS is hf://, kaggle://, gs:// or https://, or a path. What its place does not know is not written.
    """
    from cynthus.operations.data import add as write
    from cynthus.operations.elsewhere import told

    added = write(app.tools, address, where, name=name)
    app.console.say(f"{added.file.name}: {address} at ./{added.place}")
    if added.description is not None:
        app.console.say(f"  {told(added.description)}")


@command.command(epilog=options.examples("cynthus data ls", "cynthus data ls weather --json"))
@options.where
@options.target
@options.as_json
@pass_app
def ls(app: App, where: str | None, target: str | None, *, as_json: bool) -> None:
    """List data and models: where main.py finds them, what they are, and whether they are on the host."""
    from cynthus.operations.data import listed
    from cynthus.operations.elsewhere import size_text

    site, items = listed(app.tools, where, target=target)
    if as_json:
        app.console.document(documents.data(site, items))
        return
    if not items:
        app.console.say("no data and no models; `cynthus data add ADDRESS` adds some")
        return
    words = {None: "here", True: "on the host", False: "not yet"}
    rows = [
        (each.place, each.source, size_text(each.size), _short(each.revision), each.licence, words[each.on_host])
        for each in items
    ]
    app.console.table(("PLACE", "FROM", "SIZE", "REVISION", "LICENCE", "LIES"), rows)


def _short(revision: str) -> str:
    """Of a sum its beginning is enough; a number is another one with its last digit."""
    return revision if revision.isdecimal() else revision[:12]


@command.command(epilog=options.examples("cynthus data sync", "cynthus data sync weather -y"))
@options.where
@options.target
@options.yes
@pass_app
def sync(app: App, where: str | None, target: str | None, *, yes: bool) -> None:
    """Have the hosts that stand fetch data and models from elsewhere now, as they are now.

    No run is started, and one that goes on keeps what it has. Changed data of this machine comes with the next run.
    """
    from cynthus.operations.data import sync as bring

    _, changed = bring(app.tools, where, target=target, yes=yes)
    app.console.say("the next run has it: `cynthus run`" if changed else "all of it is there")
