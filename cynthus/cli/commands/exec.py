"""`cynthus exec`"""

from __future__ import annotations

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.attached import attached, on_terminal


@click.command(
    cls=options.WithArguments,
    epilog=options.examples("cynthus exec -- python -c 'import sys; print(sys.version)'", "cynthus exec weather -- ls"),
)
@options.where
@options.run_id
@options.host
@options.target
@click.pass_context
@pass_app
def command(
    app: App, ctx: click.Context, where: str | None, target: str | None, run_id: str | None, host: str | None
) -> None:
    """Run a command beside main.py, in its folder and environment, but without its secrets.

    Its exit code is ours.
    """
    from cynthus.operations.exec import command_beside

    arguments = ctx.meta["arguments"] or ()
    tty = on_terminal()
    attached(command_beside(app.tools, where, arguments, target=target, run_id=run_id, host=host, tty=tty))
