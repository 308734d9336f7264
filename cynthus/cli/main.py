"""``cynthus``: the group of verbs. A verb's module is imported when the verb is used, not before."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from cynthus import __version__
from cynthus.cli import failure, interrupts, streams
from cynthus.cli.app import App
from cynthus.core.suggest import did_you_mean

if TYPE_CHECKING:
    from types import FrameType

VERBS = {
    "init": "make a folder to start from",
    "up": "bring a folder to a finished run, and follow it",
    "prepare": "make ready everything that costs nothing by the hour",
    "build": "make the app's environment, or show its Dockerfile",
    "run": "start a run on what stands",
    "update": "bring changed source or data to the deployment and restart",
    "update-src": "the same, source only",
    "update-data": "the same, data only",
    "data": "add data and models, list them, fetch them now",
    "plan": "show what `up` would make and what it would cost",
    "render": "write the Terraform and Ansible files into infra/",
    "diff": "show your edits of the rendered files",
    "status": "show deployments and their runs",
    "logs": "show what main.py printed",
    "versions": "list what ran, to bring it back",
    "pull": "bring outputs home",
    "exec": "run a command beside main.py",
    "ssh": "open a shell on a host",
    "forward": "bring a port of a run to this machine",
    "cancel": "stop the run, keep the machine",
    "down": "pull, then remove what was made for running",
    "destroy": "the same as `down`, and forget the deployment",
    "gpus": "show which GPUs a cloud has, where, for how much",
    "catalog": "ask a cloud anew which machines it has, for how much",
    "gc": "remove from a cloud what no deployment claims",
    "doctor": "check this machine and the folder",
    "explain": "tell what an error code means",
    "completion": "print the completion script of a shell",
    "version": "show versions",
}
"""Every verb and what it does, in the order of `cynthus --help`; a verb lives in `cli/commands/<verb>.py`."""

PLUMBING = ("iap-tunnel",)
"""What only programs type; the same, but nobody is told."""


class LazyGroup(click.Group):
    """Knows the names of its commands and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the same in every context
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS and cmd_name not in PLUMBING:
            return None
        module = importlib.import_module("cynthus.cli.commands." + cmd_name.replace("-", "_"))
        command: click.Command = module.command
        # It belongs to the group, yet people type it last, after the command that went wrong.
        if all(each.name != "debug" for each in command.params):
            command.params.append(click.Option(["--debug"], is_flag=True, expose_value=False, hidden=True))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in (*VERBS, *PLUMBING) and not args[0].startswith("-"):
            near = did_you_mean(args[0], tuple(VERBS))
            ctx.fail(f"there is no command {args[0]!r}; {near or '`cynthus --help` lists them'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: cynthus init hello && cynthus up hello",
)
@click.version_option(__version__, prog_name="cynthus")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """From a folder with a main.py to a finished run on a machine of your choice."""
    ctx.obj = App()


def main() -> NoReturn:
    """The entry point: runs one verb and turns whatever happens into an exit code."""
    streams.stand_in()
    interrupts.keep()
    _die_politely()
    sys.exit(failure.guarded(cli))


def _die_politely() -> None:
    """A polite request to end takes the way of Ctrl-C, so that Terraform is waited for and locks are released."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - the signature that signal() asks for
        raise KeyboardInterrupt(signal.Signals(number).name)

    # A caller that ignores the ends of its children hands that on, and every exit code would be lost.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup and its like have said that the signal is to be ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
    if os.name == "nt":
        raise SystemExit("cynthus: Windows is supported through WSL2: install Ubuntu from the Store and run it there")
