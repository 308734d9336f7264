"""`cynthus status`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.status_text import lines, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.errors import CynthusError


@click.command(epilog=options.examples("cynthus status", "cynthus status weather", "cynthus status --all --json"))
@options.where
@options.target
@click.option("--all", "everything", is_flag=True, help="All deployments, also in a folder that has one.")
@options.as_json
@pass_app
def command(app: App, where: str | None, target: str | None, *, everything: bool, as_json: bool) -> None:
    """Show what stands, what runs, what it costs and what is not saved yet.

    In a folder that was deployed: that deployment. Elsewhere: all of them.
    """
    from cynthus.operations import status

    if where or (not everything and status.names_a_deployment(app.tools, where)):
        found = status.status(app.tools, where, target=target, strays=as_json)
        if as_json:
            app.console.document(documents.status([found], [], app.tools.clock.now()))
            return
        _warn(app, found.damaged)
        for line in lines(found, app.tools.clock.now()):
            app.console.result(line)
        return
    every, problems = status.every_status(app.tools, strays=as_json)
    if as_json:
        app.console.document(documents.status(every, problems, app.tools.clock.now()))
        return
    _warn(app, [*problems, *(problem for each in every for problem in each.damaged)])
    if every:
        head = ("DEPLOYMENT", "TARGET", "STANDS", "RUN", "STATE", "COSTS", "NOT SAVED")
        app.console.table(head, [row(each, app.tools.clock.now()) for each in every])
    elif not problems:
        app.console.say("nothing is deployed; `cynthus up` in a folder with a main.py starts")


def _warn(app: App, problems: Sequence[CynthusError]) -> None:
    for problem in problems:
        app.tools.progress.warn(f"{problem.message}; {problem.hint}")
