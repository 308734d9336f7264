"""`cynthus forward`"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.verdict import judge
from cynthus.cli.wording import typed
from cynthus.errors import Interrupted

if TYPE_CHECKING:
    from cynthus.operations.forward import Forwarding

PORTS = click.IntRange(1, 65535)


@click.command(
    epilog=options.examples(
        "cynthus forward",
        "cynthus forward weather 8000",
        "cynthus forward 8000 --local-port 9000",
    )
)
@options.where
@click.argument("port", required=False, type=PORTS, metavar="[PORT]")
@click.option("--local-port", type=PORTS, metavar="N", help="The port of this machine. By default the same number.")
@options.run_id
@options.host
@options.target
@pass_app
def command(
    app: App, where: str | None, port: int | None, local_port: int | None, target: str | None, run_id: str | None,
    host: str | None,
) -> None:
    """Bring a port of a run to this machine.

    PORT is one of `ports:` in cynthus.yaml; where there is only one it need not be named. Prints the address and stays
    until Ctrl-C, or until the run ends. Nobody but this machine can reach the port there.
    """
    from cynthus.operations.forward import forward

    where, port = _read(where, port)
    forwarding = forward(app.tools, where, port, local_port=local_port, target=target, run_id=run_id, host=host)
    _say_health(app, forwarding)
    try:
        run = forwarding.hold(app.console.result)
    except KeyboardInterrupt as signal:
        _leave(app, forwarding, where, typed_here=not signal.args)
    app.console.say(f"run {run.id} has ended; nothing is forwarded any more")
    judge(run, where)


def _read(where: str | None, port: int | None) -> tuple[str | None, int | None]:
    """A number alone is a port of the folder that this is typed in: no deployment is called so."""
    import os
    import re

    if where is None or port is not None or not re.fullmatch("[0-9]{1,5}", where) or os.path.isdir(where):  # noqa: PTH112 - a text
        return where, port
    return None, PORTS.convert(int(where), None, click.get_current_context())


def _say_health(app: App, forwarding: Forwarding) -> None:
    found = forwarding.port
    where = f"port {found.port} of run {forwarding.run.id} on {forwarding.agent.name}"
    health = "healthy" if found.healthy else f"not healthy: {found.reason}"
    app.console.say(f"{where}, {health}; Ctrl-C ends this, the run goes on")


def _leave(app: App, forwarding: Forwarding, where: str | None, *, typed_here: bool) -> NoReturn:
    """Ctrl-C is how this is meant to end, where somebody sits at the terminal.

    Raises:
        Interrupted: nobody does.
    """
    message = f"stopped forwarding; run {forwarding.run.id} goes on"
    if typed_here and app.console.interactive:
        app.console.say(f"\n{message}")
        raise click.exceptions.Exit(0)
    raise Interrupted(message, hint=f"`{typed('forward', where)}` forwards again, `{typed('cancel', where)}` ends it")
