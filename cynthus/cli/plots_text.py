"""`pull --plots` on a terminal: the page is opened, and what is on it is told in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.cli.browser import browse, opener
from cynthus.cli.pictures import picture, protocol
from cynthus.core.amounts import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.cli.console import Console
    from cynthus.operations.plots import Plotted

LINES = 30
"""How many series are told at most."""
PICTURES = 6
"""How many pictures are shown at most."""


def present(console: Console, environment: Mapping[str, str], plotted: Plotted, *, open_page: bool) -> None:
    """Show it to whoever sits there; in a pipe nobody does."""
    if not console.on_screen:
        return
    from cynthus.operations.fetch import text_of

    _tell_series(console, plotted)
    _show_pictures(console, protocol(environment), plotted)
    for folder in plotted.events[:1]:
        console.say(f"files of TensorBoard lie in {text_of(folder)}: tensorboard --logdir {plotted.folder}")
    program = opener(environment) if open_page else ""
    if program and browse(plotted.page, program):
        console.say("the page opens in your browser")


def _tell_series(console: Console, plotted: Plotted) -> None:
    from cynthus.operations.fetch import text_of
    from cynthus.plots.sparkline import lines

    left = LINES
    for path, several in plotted.series:
        if left > 0:
            console.say(text_of(path))
            for line in lines(several[:left]):
                console.say(f"  {line}")
        left -= len(several)
    if left < 0:
        console.say(f"and {-left} more on the page")


def _show_pictures(console: Console, spoken: str, plotted: Plotted) -> None:
    from cynthus.operations.fetch import text_of

    shown = 0
    for path in plotted.images if spoken else ():
        codes = picture(path, spoken, console.width) if shown < PICTURES else b""
        if codes:
            console.say(text_of(str(path.relative_to(plotted.folder))))
            console.log_aside(codes)
            shown += 1
    if spoken and shown < len(plotted.images):
        console.say(f"{counted(len(plotted.images), 'image')} on the page")
