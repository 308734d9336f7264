"""`cynthus logs`"""

from __future__ import annotations

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.ending import stay_on
from cynthus.cli.verdict import judge
from cynthus.core.run import RunState


@click.command(epilog=options.examples("cynthus logs -f", "cynthus logs weather --tail 50"))
@options.where
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N lines.")
@options.run_id
@options.target
@pass_app
def command(
    app: App, where: str | None, target: str | None, run_id: str | None, tail: int | None, *, follow: bool
) -> None:
    """Show what main.py printed, from the host or from the copy at home."""
    from cynthus.operations.logs import logs

    attendance = logs(app.tools, where, app.console.log, target=target, run_id=run_id, tail=tail)
    if not follow:
        attendance.flush()
        return
    if not attendance.run.over or attendance.run.state is RunState.PREEMPTED:
        attendance, _ = stay_on(app, attendance, where, app.console.log)
    judge(attendance.run, where)
