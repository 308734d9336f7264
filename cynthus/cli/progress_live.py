"""Progress on a terminal: the step that goes on moves, the ones that ended stand above it with their times."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from cynthus.cli.progress_plain import took
from cynthus.core.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import ConsoleOptions, RenderResult


PATIENCE = 1.0
"""Seconds of a step without a bar."""
BAR, SHORTEST = 20, 6
"""Characters of a bar: of the longest, and of the shortest that tells anything."""


class LiveStep:
    """One moving line: title, seconds so far, and what happens right now."""

    def __init__(self, title: str, *, since: float | None = None) -> None:
        self.title = title
        self.outcome = ""
        self._now = ""
        self._pace = Pace()
        self._started = time.monotonic() if since is None else since
        self._spinner = Spinner("dots", style="cyan")

    def activity(self, text: str) -> None:
        self._now = text

    def amount(self, done: int, total: int) -> None:
        self._pace.note(time.monotonic(), done, total)

    def result(self, text: str) -> None:
        self.outcome = text

    def ended(self, mark: str, style: str, outcome: str) -> Text:
        line = Text.assemble((f"{mark} ", style), (self.title, "bold"), (f"  {took(self._started)}", "dim"))
        return line.append(f"  {outcome}" if outcome else "")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        moving = self._spinner.render(time.monotonic())
        line = Text.assemble(moving, " ", (self.title, "bold"), (f"  {took(self._started)}", "dim"))  # type: ignore[arg-type]  # a dots spinner renders text
        self._append_pace(line, console.width - 1)
        line.append(f"  {self._now}" if self._now else "", style="cyan")
        line.truncate(max(20, console.width - 1), overflow="ellipsis")
        yield line


    def _append_pace(self, line: Text, width: int) -> None:
        now = time.monotonic()
        words = self._pace.words(now)
        # What takes no longer than a moment needs no bar, which would only flicker.
        if not words or now - self._started < PATIENCE:
            return
        # The numbers matter more: where the terminal is narrow the bar is shorter, or not there.
        # Two more than the spaces: what follows may be cut off, with a dot that must not stand on them.
        room = min(BAR, width - line.cell_len - len(words) - 6)
        if room >= SHORTEST:
            full = int(self._pace.part * room)
            line.append("  " + "━" * full, style="cyan").append("─" * (room - full), style="dim")
        line.append(f"  {words}")


class LiveProgress:
    """Steps that move; `color` False keeps the movement and drops the colours."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._console = Console(file=stream, no_color=not color, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str, *, brief: bool = False) -> Iterator[LiveStep]:  # noqa: ARG002 - a step is one line here
        step = LiveStep(title)
        try:
            with Live(step, console=self._console, refresh_per_second=8, transient=True):
                yield step
            last = step.ended("✓", "green", step.outcome)
        except BaseException:
            last = step.ended("✗", "red", "stopped here")
            raise
        finally:
            self._console.print(last)

    def note(self, text: str) -> None:
        self._console.print(Text(text))

    def warn(self, text: str) -> None:
        self._console.print(Text.assemble(("! ", "yellow"), text))
