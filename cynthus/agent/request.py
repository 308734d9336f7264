"""The wish that a run, or one attempt at it, should end: a file, so that it outlives whoever asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cynthus.agent import reserve
from cynthus.files import read_json

if TYPE_CHECKING:
    from pathlib import Path


def ask(path: Path, reason: str, *, at: str) -> bool:
    """Write the wish down; false where it stands there already.

    Raises:
        OSError: it cannot be written.
    """
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    reserve.write(path, json.dumps({"reason": reason, "at": at}).encode() + b"\n")
    return True


def reason(path: Path) -> str:
    """Why the end was wished for; '' where it was not."""
    try:
        document = read_json(path)
    except (ValueError, OSError):
        return "cancelled"
    return "" if document is None else str(document.get("reason") or "cancelled")
