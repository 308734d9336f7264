"""Pictures in terminals: only where the terminal itself says that it can."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest

from cynthus.cli.browser import browse, opener
from cynthus.cli.pictures import LARGEST, picture, protocol

if TYPE_CHECKING:
    from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8) + (100).to_bytes(4, "big") + (50).to_bytes(4, "big") + bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm"),
        ({"TERM": "xterm-256color"}, ""),
        ({}, ""),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, ""),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux"}, ""),
        ({"TERM": "screen", "TERM_PROGRAM": "iTerm.app"}, ""),
    ],
)
def test_a_terminal_is_believed_what_it_says_of_itself(environment: dict[str, str], spoken: str) -> None:
    assert protocol(environment) == spoken


def test_kitty_gets_the_whole_picture_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    codes = picture(tmp_path / "a.png", "kitty", 80)
    pieces = re.findall(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\", codes)
    assert base64.b64decode(b"".join(data for _, data in pieces)) == PNG
    assert [keys for keys, _ in pieces] == [b"a=T,f=100,q=2,c=13,m=1", b"m=1", b"m=1", b"m=0"]


def test_iterm_gets_it_in_one(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"any")
    assert picture(tmp_path / "a.jpg", "iterm", 40) == (
        b"\x1b]1337;File=inline=1;size=3;width=40;preserveAspectRatio=1:" + base64.b64encode(b"any") + b"\a\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "spoken"),
    [("a.jpg", b"any", "kitty"), ("a.png", b"no PNG", "kitty"), ("a.svg", b"<svg/>", "iterm"), ("a.png", PNG, "")],
)
def test_what_the_terminal_cannot_show_is_not_sent(tmp_path: Path, name: str, content: bytes, spoken: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert picture(tmp_path / name, spoken, 80) == b""


def test_neither_is_a_very_large_one_nor_one_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG + bytes(LARGEST))
    assert picture(tmp_path / "a.png", "kitty", 80) + picture(tmp_path / "gone.png", "kitty", 80) == b""


@pytest.fixture
def desk(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who sits before a display."""
    program = tmp_path / "xdg-open"
    program.write_text('#!/bin/sh\necho "$1" > "$0.opened"\n')
    program.chmod(0o755)
    return {"DISPLAY": ":0", "PATH": str(tmp_path)}


def test_before_a_display_the_page_is_opened(desk: dict[str, str], tmp_path: Path) -> None:
    assert opener(desk, "linux") == str(tmp_path / "xdg-open")


@pytest.mark.parametrize("more", [{"CI": "true"}, {"SSH_CONNECTION": "1 2 3 4"}, {"DISPLAY": ""}, {"PATH": "/no"}])
def test_where_nobody_would_see_it_it_is_not(desk: dict[str, str], more: dict[str, str]) -> None:
    assert opener({**desk, **more}, "linux") == ""


def test_on_macos_there_is_always_a_display() -> None:
    assert (opener({}, "darwin"), opener({"SSH_CONNECTION": "1"}, "darwin")) == ("open", "")


def test_the_browser_gets_the_address_of_the_page(desk: dict[str, str], tmp_path: Path) -> None:
    from tests.journeys.user import wait_for

    opened = tmp_path / "xdg-open.opened"
    assert browse(tmp_path / "a b.html", opener(desk, "linux"))
    wait_for(lambda: opened.exists() and opened.read_text())
    assert opened.read_text() == f"file://{tmp_path}/a%20b.html\n"


def test_a_browser_that_cannot_be_started_is_no_failure(tmp_path: Path) -> None:
    assert not browse(tmp_path / "a.html", str(tmp_path / "gone"))
