"""`cynthus pull`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.cli.verdict import judge
from cynthus.cli.wording import typed
from cynthus.errors import HostUnreachable, Interrupted, NothingToPull

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.operations.plots import Plotted
    from cynthus.operations.pull import Pulled


@click.command(
    epilog=options.examples(
        "cynthus pull", "cynthus pull --watch", "cynthus pull weather --run 20260102-030405-beef --plots"
    )
)
@options.where
@click.option("--watch", is_flag=True, help="Go on bringing home what is new until the run has ended.")
@click.option("--plots", is_flag=True, help="Make a page of the metrics and images among the outputs, and open it.")
@click.option("--no-open", is_flag=True, help="With --plots: make the page and open nothing.")
@options.run_id
@options.target
@options.as_json
@pass_app
def command(
    app: App, where: str | None, target: str | None, run_id: str | None, *, watch: bool, plots: bool, no_open: bool,
    as_json: bool,
) -> None:
    """Bring home outputs and log of a run, of one that goes on too, and checkpoints; only what changed is copied."""
    from cynthus.operations.pull import pull

    def bring() -> Pulled:
        if watch:
            return _watch(app, where, target, run_id)
        return pull(app.tools, where, target=target, run_id=run_id)

    pulled, plotted = _with_plots(app, bring, where, target, run_id) if plots else (bring(), None)
    if as_json:
        app.console.document(documents.pull(pulled, plotted.page if plotted else None))
    else:
        _tell(app, pulled, plotted, open_page=not no_open)
    if watch:
        judge(pulled.run, where)


def _tell(app: App, pulled: Pulled, plotted: Plotted | None, *, open_page: bool) -> None:
    if pulled.total:
        app.console.result(str(pulled.folder))
    if pulled.hint:
        app.console.say(pulled.hint)
    if plotted is not None:
        from cynthus.cli.plots_text import present

        present(app.console, app.settings.environment, plotted, open_page=open_page)
        app.console.result(str(plotted.page))


def _with_plots(
    app: App, bring: Callable[[], Pulled], where: str | None, target: str | None, run_id: str | None
) -> tuple[Pulled, Plotted | None]:
    """What came, and its page. What is at home already can be shown without a host; nothing is no page."""
    from cynthus.operations.plots import plot
    from cynthus.operations.pull import Pulled

    try:
        pulled = bring()
    except (NothingToPull, HostUnreachable) as error:
        try:
            plotted = plot(app.tools, where, target=target, run_id=run_id)
        except NothingToPull:
            raise error from None
        app.tools.progress.warn(f"{error.message}: what came home before is shown")
        return Pulled(plotted.run, plotted.folder, 0, 0, plotted.total), plotted
    return pulled, plot(app.tools, where, target=target, run_id=pulled.run.id) if pulled.total else None


def _watch(app: App, where: str | None, target: str | None, run_id: str | None) -> Pulled:
    """Raises: Interrupted: somebody does not want to wait for the end."""
    from cynthus.operations.watch import watch

    watching = None
    try:
        watching = watch(app.tools, where, target=target, run_id=run_id)
        return watching.to_the_end()
    except KeyboardInterrupt:
        said = "interrupted"
        if watching is not None:
            goes_on = "has ended" if watching.run.over else "goes on"
            said = f"stopped watching; run {watching.run.id} {goes_on}, and what came home is whole"
        raise Interrupted(said, hint=f"`{typed('pull', where)} --watch` goes on from there") from None
