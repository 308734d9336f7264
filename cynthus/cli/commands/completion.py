"""`cynthus completion`"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from cynthus.cli import options
from cynthus.cli.app import App, pass_app


@click.command(
    epilog=options.examples('eval "$(cynthus completion bash)"      in ~/.bashrc', "cynthus completion fish | source")
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
@pass_app
def command(app: App, ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, options, folders and deployments in a shell."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has a class for each of the choices
    app.console.result(kind(ctx.find_root().command, {}, "cynthus", "_CYNTHUS_COMPLETE").source())
