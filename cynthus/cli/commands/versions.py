"""`cynthus versions`"""

from __future__ import annotations

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.wording import moment


@click.command(epilog=options.examples("cynthus versions", "cynthus versions weather --json"))
@options.where
@options.target
@options.as_json
@pass_app
def command(app: App, where: str | None, target: str | None, *, as_json: bool) -> None:
    """List what ran: pairs of an environment and a source, the last one first.

    `cynthus up --version VERSION` brings one back that is kept.
    """
    from cynthus.operations.versions import versions

    site, known = versions(app.tools, where, target=target)
    if as_json:
        app.console.document(documents.versions(site, known))
        return
    if not known:
        app.console.say(f"nothing of {site.name} has run yet: `cynthus up` starts it")
        return
    rows = [
        (
            each.name, "yes" if each.kept else "no", str(len(each.runs)), each.runs[0].id, str(each.runs[0].state),
            moment(each.runs[0].started_at) if each.runs[0].started_at else "-",
        )
        for each in known
    ]
    app.console.table(("VERSION", "KEPT", "RUNS", "LAST RUN", "STATE", "STARTED"), rows)
