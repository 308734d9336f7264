"""`cynthus prepare`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.ending import report_outcome
from cynthus.cli.new_data import ask_for_data, folder_of, use_data

if TYPE_CHECKING:
    from cynthus.operations.readying import Allowed


@click.command(
    cls=options.WithArguments,
    epilog=options.examples(
        "cynthus prepare", "cynthus prepare examples/hello -y", "cynthus prepare --src_path app --data_path pictures"
    ),
)
@options.where
@options.src_path
@options.data_path
@options.target
@options.yes
@options.allowing
@options.as_json
@click.pass_context
@pass_app
def command(
    app: App, ctx: click.Context, where: str | None, src_path: str | None, data_path: str | None, target: str | None,
    *, yes: bool, allowed: Allowed, as_json: bool,
) -> None:
    """Do everything that `up` does short of starting main.py; nothing that bills by the hour is made.

    With --src_path and no data, it asks for the link of a dataset, unless -y says that nobody is to be asked.
    """
    from cynthus.operations.up import Request, prepare

    folder = folder_of(where, src_path)
    if data_path is None and src_path is not None and not (yes or as_json):
        data_path = ask_for_data(app, folder, target)
    if data_path:
        use_data(app, data_path, folder)
    outcome = prepare(app.tools, Request(folder, target, ctx.meta["arguments"], yes, allowed))
    report_outcome(app, outcome, folder, as_json=as_json)
