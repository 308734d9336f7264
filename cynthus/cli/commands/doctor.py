"""`cynthus doctor`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app

MARKS = {"ok": "ok", "warning": "warn", "error": "FAIL"}


@click.command(epilog=options.examples("cynthus doctor", "cynthus doctor examples/hello"))
@options.where
@options.target
@options.as_json
@pass_app
def command(app: App, where: str | None, target: str | None, *, as_json: bool) -> None:
    """Check this machine, the programs that Cynthus drives, and the folder; say how to mend what is wrong."""
    from cynthus.bootstrap import check_programs
    from cynthus.operations.doctor import doctor

    findings = doctor(app.tools, where, target=target, programs=lambda: check_programs(app.settings))
    if as_json:
        app.console.document(documents.doctor(findings))
    else:
        for each in findings:
            app.console.result(f"{MARKS[each.level]:<5} {each.check:<14} {each.message}")
            if each.fix:
                app.console.result(f"{'':<20} fix: {each.fix}")
    if any(each.level == "error" for each in findings):
        raise click.exceptions.Exit(1)
