"""`cynthus build`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app

if TYPE_CHECKING:
    from cynthus.operations.readying import Allowed


@click.command(epilog=options.examples("cynthus build", "cynthus build --print > Dockerfile"))
@options.where
@click.option("--print", "printed", is_flag=True, help="Show the Dockerfile of the image; nothing is made.")
@options.target
@options.yes
@options.allowing
@options.as_json
@pass_app
def command(
    app: App, where: str | None, target: str | None, *, printed: bool, yes: bool, allowed: Allowed, as_json: bool
) -> None:
    """Make the environment that the app runs in, where it runs, and nothing else; or show the Dockerfile of its image.

    Prints the name of the image, or the path of the Python of a virtual environment.
    """
    from cynthus.operations.build import build, dockerfile
    from cynthus.operations.up import Request

    if printed and as_json:
        raise click.UsageError("--print shows a Dockerfile, which is no JSON: leave one of them out")
    if printed:
        app.console.result(dockerfile(app.tools, where, target=target).removesuffix("\n"))
        return
    built = build(app.tools, Request(where, target, None, yes, allowed))
    if as_json:
        app.console.document(documents.build(built))
    else:
        app.console.result(built.image or built.python or built.environment)
