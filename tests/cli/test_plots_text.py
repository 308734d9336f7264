"""What `pull --plots` shows besides the page: to a person on a terminal, and to nobody else."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import pytest

from cynthus.cli.console import Console
from cynthus.cli.plots_text import LINES, PICTURES, present
from cynthus.operations.plots import Plotted
from cynthus.plots.series import Series
from tests.operations.host import RUN

if TYPE_CHECKING:
    from pathlib import Path

KITTY = {"TERM": "xterm-kitty"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


class Stream(io.TextIOWrapper):
    """A stream that may be a terminal, and what went to it."""

    def __init__(self, *, terminal: bool) -> None:
        self.bytes = io.BytesIO()
        self._terminal = terminal
        super().__init__(self.bytes, encoding="utf-8")

    def isatty(self) -> bool:
        return self._terminal

    def said(self) -> str:
        self.flush()
        return self.bytes.getvalue().decode()


def plotted(place: Path, *, series: int = 1, images: int = 0, events: tuple[str, ...] = ()) -> Plotted:
    several = [Series(f"m{number}", "step") for number in range(series)]
    for each in several:
        each.add(1, 5)
        each.add(2, 4)
    paths = [place / f"{number}.png" for number in range(images)]
    for path in paths:
        path.write_bytes(PNG)
    return Plotted(RUN, place / "run.html", place, images, (("loss.csv", several),), tuple(paths), events)


def shown(what: Plotted, environment: dict[str, str], *, terminal: bool = True) -> str:
    out, err = Stream(terminal=terminal), Stream(terminal=True)
    present(Console(out, err, color=False), environment, what, open_page=True)
    assert out.said() == ""
    return err.said()


def test_each_metric_is_a_line_below_its_file(tmp_path: Path) -> None:
    first, second = shown(plotted(tmp_path), {}).splitlines()
    assert (first, second.startswith("  m0  █▁"), second.endswith("last 4  min 4  max 5")) == ("loss.csv", True, True)


def test_of_very_many_the_rest_is_counted(tmp_path: Path) -> None:
    said = shown(plotted(tmp_path, series=LINES + 5), {})
    assert (len(said.splitlines()), said.endswith("and 5 more on the page\n")) == (LINES + 2, True)


def test_in_a_pipe_nothing_is_shown(tmp_path: Path) -> None:
    assert shown(plotted(tmp_path, images=1, events=("logs",)), KITTY, terminal=False) == ""


def test_images_are_shown_where_the_terminal_can(tmp_path: Path) -> None:
    said = shown(plotted(tmp_path, images=1), KITTY)
    assert ("0.png\n" in said, base64.b64encode(PNG).decode() in said) == (True, True)


@pytest.mark.parametrize("environment", [{}, {"TERM": "xterm-256color"}])
def test_where_it_cannot_there_is_not_one_escape_code(tmp_path: Path, environment: dict[str, str]) -> None:
    assert "\x1b" not in shown(plotted(tmp_path, images=2), environment)


def test_of_very_many_images_a_few_are_shown(tmp_path: Path) -> None:
    said = shown(plotted(tmp_path, images=PICTURES + 3), KITTY)
    assert (said.count("\x1b_Ga=T"), f"{PICTURES + 3} images on the page" in said) == (PICTURES, True)


def test_files_of_tensorboard_are_named(tmp_path: Path) -> None:
    assert f"tensorboard --logdir {tmp_path}" in shown(plotted(tmp_path, events=("logs",)), {})
