"""`cynthus up`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import options
from cynthus.cli.app import App, pass_app
from cynthus.cli.ending import follow_through
from cynthus.errors import UsageError

if TYPE_CHECKING:
    from cynthus.operations.readying import Allowed


@click.command(
    cls=options.WithArguments,
    epilog=options.examples(
        "cynthus up                       the folder you are in",
        "cynthus up examples/hello -y     another one, without a question",
        "cynthus up -- --epochs 3         arguments for main.py",
        "cynthus up --detach              return once main.py has started",
        "cynthus up --version 3f2a91c0    environment and source as they ran before",
        "cynthus up --simulate            rehearse it: no cloud is asked, and nothing costs",
        "cynthus up --simulate --hosts my_hosts:Containers",
        "                                 and let main.py run on what that boots",
    ),
)
@options.where
@options.target
@options.yes
@click.option("--version", "version", metavar="VERSION", help="Bring back one that ran: `cynthus versions` lists them.")
@options.no_deadline
@options.keep
@click.option(
    "--simulate", is_flag=True, help="Rehearse it in a simulated cloud on this machine, up to the machines that would "
    "be made: nothing is made in the real one, and nobody is charged.",
)
@click.option(
    "--hosts", metavar="MODULE:NAME", help="What boots hosts for --simulate, which then goes on to the finished run. "
    "By default CYNTHUS_SIMULATED_HOSTS.",
)
@options.allowing
@options.detach
@options.as_json
@click.pass_context
@pass_app
def command(
    app: App, ctx: click.Context, where: str | None, target: str | None, *, yes: bool, version: str | None,
    no_deadline: bool, keep: bool, simulate: bool, hosts: str | None, allowed: Allowed, detach: bool,
    as_json: bool,
) -> None:
    """Bring a folder with a main.py to a finished run.

    Writes the Terraform and Ansible files, makes the machine, makes it ready, starts main.py, follows its log and
    brings the outputs home. Called again it goes on from where things stand. Arguments after -- go to main.py.
    """
    from cynthus.operations.up import Request, up

    request = Request(where, target, ctx.meta["arguments"], yes, allowed, version, no_deadline, keep)
    if simulate:
        from cynthus.cli.rehearsal import rehearse_up

        rehearse_up(app, request, hosts, detach=detach, as_json=as_json)
        return
    if hosts:
        raise UsageError("--hosts names what boots hosts for a rehearsal", hint="add --simulate, or leave it out")
    outcome = up(app.tools, request)
    follow_through(app, outcome, where, detach=detach, as_json=as_json)
