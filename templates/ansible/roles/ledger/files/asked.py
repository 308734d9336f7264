"""How a host is asked what only its own programs know, and what is said where they cannot tell."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 5
"""Names in a sentence."""


class Answer(NamedTuple):
    """What a command came to; 127 where it cannot be run or does not end."""

    code: int
    out: str
    err: str


class Unsure(Exception):
    """Nobody can tell, so nothing is removed: what is the matter, what to do, and the code of that error."""

    def __init__(self, message: str, hint: str, code: str = "CYN-430") -> None:
        super().__init__(message)
        self.problem = {"message": message, "hint": hint, "code": code}


def problem(message: str, hint: str) -> dict[str, str]:
    """What others need."""
    return {"message": message, "hint": hint, "code": "CYN-435"}


def listed(names: Sequence[str]) -> str:
    """The first of them."""
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def ask(*words: str) -> Answer:
    """Run a command that only tells something, in plain English."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        return Answer(127, "", str(failure))
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def told(who: str, hint: str, *words: str) -> str:
    """What a command prints.

    Raises:
        Unsure: it fails; `who` cannot tell.
    """
    answer = ask(*words)
    if answer.code:
        raise Unsure(f"{who}: {answer.err.strip()[-200:] or f'exit code {answer.code}'}", hint)
    return answer.out
