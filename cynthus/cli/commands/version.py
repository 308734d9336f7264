"""`cynthus version`"""

from __future__ import annotations

import platform
from importlib.metadata import version

import click

from cynthus import __version__
from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app


@click.command(epilog=options.examples("cynthus version", "cynthus version --json"))
@options.as_json
@pass_app
def command(app: App, *, as_json: bool) -> None:
    """Show the versions of Cynthus and of what it drives."""
    from cynthus.terraform.check import check_terraform

    parts = {
        "cynthus": __version__,
        "python": platform.python_version(),
        "terraform": check_terraform(app.settings).message,
        "ansible-core": version("ansible-core"),
        "ansible-runner": version("ansible-runner"),
        "python-terraform": version("python-terraform"),
    }
    if as_json:
        app.console.document(documents.document("version", versions=parts))
        return
    for name, what in parts.items():
        app.console.result(f"{name:<17} {what}")
