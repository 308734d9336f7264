"""`cynthus ssh`"""

from __future__ import annotations

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.attached import attached, on_terminal


@click.command(
    cls=options.WithArguments,
    epilog=options.examples("cynthus ssh", "cynthus ssh weather -- nvidia-smi", "cynthus ssh -- df -h"),
)
@options.where
@options.host
@options.target
@click.pass_context
@pass_app
def command(app: App, ctx: click.Context, where: str | None, target: str | None, host: str | None) -> None:
    """Open a shell on a host, or run a command there.

    As the user that the app runs as, in that user's home. Its exit code is ours. `cynthus exec` is the same in the
    folder and environment of main.py.
    """
    from cynthus.operations.shell import command_on_host

    arguments = ctx.meta["arguments"] or ()
    tty = on_terminal()
    attached(command_on_host(app.tools, where, arguments, target=target, host=host, tty=tty))
