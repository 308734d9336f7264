"""The words for data of those who never wrote a cynthus.yaml: a path, or the link of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cynthus.cli.app import App

LINKS = "hf://datasets/owner/name, kaggle://owner/name, gs://bucket/folder or https://..."


def folder_of(where: str | None, src_path: str | None) -> str | None:
    """The folder that is meant: it can be given in two ways, and in one at a time.

    Raises:
        click.UsageError: both say something else.
    """
    if where is not None and src_path is not None and where != src_path:
        raise click.UsageError(f"both {where} and --src_path {src_path} name a folder: leave one of them out")
    return where if src_path is None else src_path


def ask_for_data(app: App, folder: str | None, target: str | None) -> str | None:
    """Ask for data where a folder has none; None where it has some, where nobody is there, or none is wanted."""
    from cynthus.operations.app import load_app

    if load_app(app.tools, folder, target=target).data:
        return None
    return app.console.answer(f"Which data? A path, or a link ({LINKS}); Enter for none") or None


def ask_for_other_data(app: App) -> str | None:
    """Ask where changed data lies; None where it lies where it did, or nobody is there."""
    if not app.console.interactive:
        return None
    said = app.console.choose(
        "Where is the data now? [s]ame place as before, [l]ocal or [e]xternal", ("same", "local", "external"), "same"
    )
    if said == "same":
        return None
    asked = "Its path" if said == "local" else f"Its link ({LINKS})"
    return app.console.answer(f"{asked}; Enter for the same as before") or None


def use_data(app: App, address: str, folder: str | None) -> None:
    """Write into cynthus.yaml that this is the data, and say so."""
    from cynthus.operations.data import use
    from cynthus.operations.elsewhere import told

    used = use(app.tools, address, folder)
    app.console.say(f"{used.file.name}: {address} at ./{used.place}")
    if used.description is not None:
        app.console.say(f"  {told(used.description)}")
