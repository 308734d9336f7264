"""Options and arguments that several verbs share, so that they read alike everywhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

Function = TypeVar("Function", bound=Callable[..., Any])


class WithArguments(click.Command):
    """A command that hands everything after `--` on, untouched, as `ctx.meta["arguments"]`; None without a `--`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own, rest = args, None
        if "--" in args:
            cut = args.index("--")
            own, rest = args[:cut], tuple(args[cut + 1 :])
        ctx.meta["arguments"] = rest
        return super().parse_args(ctx, list(own))


if TYPE_CHECKING:
    _Text = click.ParamType[str]
else:
    # Only newer versions of click can be told of what type a parameter is.
    _Text = click.ParamType


class Deployments(_Text):
    """A folder or the name of a deployment; the shell completes both."""

    name = "dir|deployment"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        import os

        from cynthus import settings
        from cynthus.state.index import Index

        entries, _ = Index(settings.read(os.environ).state_dir / "deployments").all()
        names = {word for entry in entries for word in (entry.name, entry.id) if word.startswith(incomplete)}
        # Not of the type "dir": click's script for bash would then forget all other words.
        return [CompletionItem(word) for word in (*sorted(names), *_folders(incomplete))]


def _folders(incomplete: str) -> list[str]:
    from glob import escape, glob

    return sorted(glob(f"{escape(incomplete)}*/"))  # noqa: PTH207 - the words must begin as they were typed


def _codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's call
    from cynthus.errors import every_error

    return sorted({kind.code for kind in every_error() if kind.code.startswith(incomplete.upper())})


def _targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's call
    import os

    from cynthus import settings
    from cynthus.targets.registry import Registry

    return [name for name in Registry(settings.read(os.environ)).names() if name.startswith(incomplete)]


where = click.argument("where", required=False, type=Deployments(), metavar="[DIR|DEPLOYMENT]")
yes = click.option("-y", "--yes", is_flag=True, help="Answer yes to what is shown; never to loss or disruption.")
no_deadline = click.option(
    "--no-deadline", is_flag=True, help="Machines of a cloud are not removed by the cloud itself: they cost until you "
    "do. By default after a day, or after `limits.max_duration` and half an hour, or as `limits.max_cost` says.",
)
keep = click.option(
    "--keep", is_flag=True, help="A machine of a cloud stays after the run, until its deadline or until you remove it. "
    "By default it deletes itself once all is saved and nobody has used it for half an hour.",
)
discard = click.option(
    "--discard", is_flag=True, help="Go on although outputs cannot come home or the host is silent; they are lost."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
target = click.option(
    "--target", metavar="NAME", shell_complete=_targets, help="Where it runs; overrides `target:` of cynthus.yaml."
)
code = click.argument("code", required=False, metavar="[CODE]", shell_complete=_codes)
run_id = click.option("--run", "run_id", metavar="ID", help="A run other than the newest.")
host = click.option("--host", metavar="NAME", help="A host other than the first.")
src_path = click.option("--src_path", metavar="DIR", help="The folder that holds main.py; the same as DIR.")
data_path = click.option(
    "--data_path", metavar="PATH|LINK",
    help="The data: a path, hf://, kaggle://, gs:// or https://. Stays in cynthus.yaml.",
)  # fmt: skip
detach = click.option("--detach", is_flag=True, help="Return once main.py has started; it goes on by itself.")




def allowing(command: Callable[..., Any]) -> Callable[..., Any]:
    """What may be done to machines of the user's beyond installing, as one argument `allowed`."""
    reboot = click.option(
        "--allow-reboot", "reboot", is_flag=True, help="Machines of yours may reboot, and get another driver."
    )
    disrupt = click.option(
        "--allow-disrupt", "disrupt", is_flag=True, help="Docker may restart there while containers of others run."
    )

    @wraps(command)
    def collected(*words: Any, reboot: bool, disrupt: bool, **options: Any) -> Any:
        from cynthus.operations.readying import Allowed

        return command(*words, allowed=Allowed(reboot, disrupt), **options)

    return reboot(disrupt(collected))


detailed = click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 0: nothing would change; 2: something would; 1: any error."
)


def examples(*lines: str) -> str:
    """The epilog of a command: how it is typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
