"""What a command has Python run, as far as its words tell: a file or a module, and where modules are looked for."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = "PYTHONPATH"
_PYTHON = re.compile(r"(python|pypy)[0-9.]*t?")
_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_FLAGS = frozenset("bBdEiIOPqRsSuvx")
_WITH_WORD = frozenset("WX")


class Program(NamedTuple):
    """One of `file` and `module`, as written. `path` are the entries of a PYTHONPATH that the command sets itself."""

    file: str
    module: str
    path: tuple[str, ...] = ()


def read(command: Sequence[str]) -> Program | None:
    """None where something else is run, or text (`-c`), or nobody can tell."""
    rest, path = _without_env(list(command))
    if not rest:
        return None
    if rest[0].endswith(".py"):
        return Program(rest[0], "", path)
    if _PYTHON.fullmatch(os.path.basename(rest[0])) is None:  # noqa: PTH119 - a text
        return None
    found = _run(rest[1:])
    return found and found._replace(path=path)


def entries(path: str) -> tuple[str, ...]:
    """Those of a PYTHONPATH; an empty one is the folder that the program starts in."""
    return tuple(each or "." for each in path.split(":")) if path else ()


def _without_env(words: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The words behind `env NAME=VALUE ...`. One with options is no command that anybody here can read."""
    path: tuple[str, ...] = ()
    if not words or os.path.basename(words[0]) != "env":  # noqa: PTH119 - a text
        return words, path
    at = 1
    while at < len(words) and (found := _ASSIGNED.fullmatch(words[at])):
        path = entries(found[2]) if found[1] == PATH else path
        at += 1
    return words[at:], path


def _run(words: list[str]) -> Program | None:
    """What Python itself makes of them."""
    while words and words[0].startswith("-"):
        word = words.pop(0)
        for at, letter in enumerate(word[1:], 1):
            if letter == "m":
                module = word[at + 1 :] or (words[0] if words else "")
                return Program("", module)
            if letter in _WITH_WORD:
                del words[: 0 if word[at + 1 :] else 1]
                break
            if letter not in _FLAGS:
                return None
        if word == "-":
            return None
    return Program(words[0], "") if words and words[0].endswith(".py") else None
