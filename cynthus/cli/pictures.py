"""Pictures in terminals that can show them: the protocol of kitty, or that of iTerm2."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST = 2 << 20
"""Bytes of a picture that is shown: all of it goes through the terminal."""
WIDEST = 60
"""Columns of one, at most."""
_COLUMN = 8
"""Pixels, about: a small picture is not made larger."""
_PIECE = 4096
"""Bytes of an escape code of kitty's."""
_PNG = b"\x89PNG\r\n\x1a\n"


def protocol(environment: Mapping[str, str]) -> str:
    """What this terminal says that it understands: `kitty`, `iterm`, or '' where it says nothing.

    Only what terminals say of themselves counts; asking one would need an answer, which may be somebody's input. Inside
    of a multiplexer the codes would be text.
    """
    named, kind = environment.get("TERM_PROGRAM", ""), environment.get("TERM", "")
    if "TMUX" in environment or "STY" in environment or kind.startswith(("screen", "tmux")):
        return ""
    if kind in ("xterm-kitty", "xterm-ghostty") or "KITTY_WINDOW_ID" in environment:
        return "kitty"
    known = named in ("iTerm.app", "WezTerm") or environment.get("LC_TERMINAL") == "iTerm2"
    return "iterm" if known else ""


def picture(path: Path, spoken: str, columns: int) -> bytes:
    """The codes that show a picture and end its line; b'' where it cannot be shown so."""
    try:
        if path.stat().st_size > LARGEST:
            return b""
        data = path.read_bytes()
    except OSError:
        return b""
    width = min(WIDEST, columns, _columns(data) or WIDEST)
    if spoken == "kitty" and data.startswith(_PNG):
        return _kitty(data, width)
    if spoken == "iterm" and not path.name.lower().endswith(".svg"):
        head = f"\x1b]1337;File=inline=1;size={len(data)};width={width};preserveAspectRatio=1:"
        return head.encode() + base64.b64encode(data) + b"\a\n"
    return b""


def _kitty(data: bytes, width: int) -> bytes:
    text = base64.b64encode(data)
    pieces = [text[begin : begin + _PIECE] for begin in range(0, len(text), _PIECE)]
    codes = []
    for place, piece in enumerate(pieces):
        # q=2: no answer, which would be typed into the shell.
        keys = f"a=T,f=100,q=2,c={width}," if place == 0 else ""
        more = int(place + 1 < len(pieces))
        codes.append(f"\x1b_G{keys}m={more};".encode() + piece + b"\x1b\\")
    return b"".join(codes) + b"\n"


def _columns(data: bytes) -> int:
    """How wide a PNG is; 0 for anything else."""
    if not data.startswith(_PNG) or len(data) < 24:
        return 0
    return max(1, -(-int.from_bytes(data[16:20], "big") // _COLUMN))
