"""What a check found: the vocabulary of `cynthus doctor`, and of what is looked at before a plan."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Finding(Struct, frozen=True):
    """One check's answer. `fix` is the exact command or step that mends it; '' where nothing needs mending. `enables`
    are what Cynthus itself can switch on to mend it, where somebody says yes."""

    check: str
    level: Literal["ok", "warning", "error"]
    message: str
    fix: str = ""
    enables: tuple[str, ...] = ()
