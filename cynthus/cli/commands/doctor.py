"""`cynthus doctor`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.wording import findings

EXAMPLES = ("cynthus doctor", "cynthus doctor examples/hello", "cynthus doctor --target gcp --enable")


@click.command(epilog=options.examples(*EXAMPLES))
@options.where
@options.target
@click.option(
    "--enable", is_flag=True, help="Also enable in the cloud project what a deployment takes and is off. On a terminal "
    "that is asked without it.",
)
@options.as_json
@pass_app
def command(app: App, where: str | None, target: str | None, *, enable: bool, as_json: bool) -> None:
    """Check this machine, the programs that Cynthus drives, and the folder; say how to mend what is wrong."""
    from cynthus.bootstrap import check_programs
    from cynthus.operations.doctor import doctor

    ask = app.console.interactive and not as_json
    found = doctor(
        app.tools, where, target=target, programs=lambda: check_programs(app.settings),
        enable=True if enable else None if ask else False,
    )  # fmt: skip
    if as_json:
        app.console.document(documents.doctor(found))
    else:
        for line in findings(found):
            app.console.result(line)
    if any(each.level == "error" for each in found):
        raise click.exceptions.Exit(1)
