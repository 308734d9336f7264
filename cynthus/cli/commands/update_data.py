"""`cynthus update-data`"""

from __future__ import annotations

import click

from cynthus.cli import options
from cynthus.cli.app import App
from cynthus.cli.commands.update import command as update
from cynthus.cli.new_data import ask_for_other_data, folder_of, use_data


@click.command(
    cls=options.WithArguments,
    epilog=options.examples(
        "cynthus update-data -y", "cynthus update-data weather", "cynthus update-data --data_path hf://datasets/me/words"
    ),
)
@options.where
@options.src_path
@options.data_path
@options.target
@options.yes
@options.detach
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, /, where: str | None, src_path: str | None, data_path: str | None, *, yes: bool,
    as_json: bool, **given: object,
) -> None:
    """The same as `cynthus update --data`: bring changed data only, and start again.

    On a terminal it asks whether the data lies somewhere else now; -y and --data_path say so without a question.
    """
    app = ctx.find_object(App)
    assert app is not None  # noqa: S101 - the group makes it
    folder = folder_of(where, src_path)
    if data_path is None and not (yes or as_json):
        data_path = ask_for_other_data(app)
    if data_path:
        use_data(app, data_path, folder)
    ctx.invoke(update, **given, where=folder, yes=yes, as_json=as_json, src=False, data=True)
