"""What a check found: the vocabulary of `cynthus doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One check's answer. `fix` is the exact command or step that mends it; '' where nothing needs mending."""

    check: str
    level: Literal["ok", "warning", "error"]
    message: str
    fix: str = ""
