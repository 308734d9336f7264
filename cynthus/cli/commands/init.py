"""`cynthus init`"""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app


@click.command(epilog=options.examples("cynthus init weather", "cynthus init . --name weather"))
@click.argument("folder", metavar="NAME", default=".", type=click.Path(path_type=Path))
@click.option("--name", help="The app's name, where it should differ from the folder's.")
@options.as_json
@pass_app
def command(app: App, folder: Path, name: str | None, *, as_json: bool) -> None:
    """Make a folder to start from: cynthus.yaml with every key explained, a main.py that runs, and some data.

    Where a main.py or data/ is there already, only cynthus.yaml and .gitignore are written.
    """
    from cynthus.operations.init import init

    made = init(folder, name=name)
    if as_json:
        app.console.document(documents.document("init", folder=str(made.absolute())))
        return
    shown = shlex.quote(str(made))
    app.console.result(f"{made}/ is ready: cynthus.yaml says what runs and where, every key with its default")
    app.console.say(f"next: cynthus up {shown}")
