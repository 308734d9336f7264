"""`cynthus gpus`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app

if TYPE_CHECKING:
    from cynthus.cli.console import Console
    from cynthus.operations.gpus import Shelf, Wanted


@click.command(
    epilog=options.examples("cynthus gpus", "cynthus gpus L4", "cynthus gpus H100:8 --region us-east4 --spot")
)
@click.argument("name", required=False, default="", metavar="[NAME]")
@click.option("--region", metavar="NAME", default="", help="Only what this region has.")
@click.option("--spot", is_flag=True, help="Only what is sold as a spot machine: it costs less and may be taken back.")
@click.option("--target", metavar="NAME", default="gcp", show_default=True, help="The kind of cloud.")
@options.as_json
@pass_app
def command(app: App, *, name: str, region: str, spot: bool, target: str, as_json: bool) -> None:
    """Show which GPUs and machines a cloud has, where, and for how much.

    NAME is a GPU as people say it (`L4`, `a100-80gb`, `H100:8`), a series or type of machine (`e2`, `g2-standard-8`),
    or `cpu` for all without a GPU. Nobody is asked: the prices are those of a table with a date.
    """
    from cynthus.operations.gpus import Wanted, gpus

    wanted = Wanted(name, region, spot, target)
    shelf = gpus(app.tools, wanted)
    if as_json:
        app.console.document(documents.gpus(shelf))
    else:
        _show(app.console, shelf, wanted)


def _show(console: Console, shelf: Shelf, wanted: Wanted) -> None:
    from cynthus.cli import gpus_text as text

    if not wanted.name:
        tables = text.overview(shelf.sold, spot=wanted.spot, everywhere=not wanted.region)
        for number, (head, rows) in enumerate(tables):
            if number:
                console.result("")
            console.table(head, rows)
        console.say("prices: the lowest of one GPU with its share of the machine, or of a machine")
        console.say("`cynthus gpus NAME` tells where it is; `--region` what there is in one region")
    elif wanted.region:
        console.table(*text.by_machine(shelf.sold, spot=wanted.spot))
    else:
        machine = text.smallest(shelf.sold)
        console.result(text.described(machine[0]))
        console.table(*text.by_region(machine, spot=wanted.spot))
        if len(machine) < len(shelf.sold):
            console.say(f"larger ones: `cynthus gpus {wanted.name} --region {machine[0].region}`")
    for line in text.notes(shelf):
        console.say(line)
