"""Commands that have commands of their own."""

from __future__ import annotations

import click


class Group(click.Group):
    """Its commands take a `--debug` at their end, as all others do."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is not None and all(each.name != "debug" for each in command.params):
            command.params.append(click.Option(["--debug"], is_flag=True, expose_value=False, hidden=True))
        return command
