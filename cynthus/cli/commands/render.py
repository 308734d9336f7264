"""`cynthus render`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app


@click.command(epilog=options.examples("cynthus render", "cynthus render --check", "cynthus render --restore main.tf"))
@options.where
@options.target
@options.yes
@click.option("--check", is_flag=True, help="Write nothing; exit 0: up to date, 2: stale, 1: any error.")
@click.option(
    "--restore", metavar="PATH", multiple=True, help="Bring back a file of infra/ that you deleted; `.` means all."
)
@options.as_json
@pass_app
def command(
    app: App,
    where: str | None,
    target: str | None,
    *,
    yes: bool,
    check: bool,
    restore: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write the Terraform and Ansible files into infra/, keeping your edits."""
    from cynthus.operations import render
    from cynthus.operations.up import Request

    if check and restore:
        raise click.UsageError("--check writes nothing, and --restore does: leave one of them out")
    request = Request(where, target, yes=yes)
    written = render.check(app.tools, request) if check else render.render(app.tools, request, restore)
    if as_json:
        app.console.document(documents.render(written))
    else:
        for change in written.changes:
            if change.kind != "same":
                app.console.result(f"{change.kind:<16} {change.path}")
        folder = written.site.root().relative_to(written.site.folder)
        app.console.say(f"{folder}/ is {'stale' if check and written.stale else 'up to date'}")
    if check and written.stale:
        raise click.exceptions.Exit(2)
