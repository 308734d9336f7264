"""Opening a page for somebody who sits at this machine."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def opener(environment: Mapping[str, str], platform: str = sys.platform) -> str:
    """The program that opens a page in the browser; '' where there is nobody to see it, or no such program."""
    if environment.get("CI") or "SSH_CONNECTION" in environment:
        return ""
    if platform == "darwin":
        return "open"
    displayed = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return (shutil.which("xdg-open", path=environment.get("PATH")) or "") if displayed else ""


def browse(page: Path, program: str) -> bool:
    """Open it; whether that could be begun. What the browser has to say is nobody's business."""
    from cynthus.process import Command, let_go, start

    with open(os.devnull, "wb") as nowhere:
        try:
            let_go(start(Command((program, page.as_uri())), stdout=nowhere, stderr=nowhere))
        except OSError:
            return False
    return True
