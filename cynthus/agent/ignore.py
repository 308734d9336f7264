"""What .gitignore and .dockerignore files leave out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.wildmatch import translate

if TYPE_CHECKING:
    import re
    from pathlib import Path


class Rule(NamedTuple):
    """One line of a .gitignore. `whole`: the expression wants the path below the file's folder, else the name alone."""

    expression: re.Pattern[bytes]
    negated: bool
    folders_only: bool
    whole: bool


class Rules(NamedTuple):
    """The rules of one .gitignore, for what lies below `folder` (a path, with a slash at its end, or '')."""

    folder: bytes
    rules: tuple[Rule, ...]

    def verdict(self, path: bytes, *, is_folder: bool) -> bool | None:
        """Whether the last rule that matches leaves the path out; None where none matches."""
        below = path[len(self.folder) :]
        name = below.rpartition(b"/")[2]
        for rule in reversed(self.rules):
            if rule.folders_only and not is_folder:
                continue
            if rule.expression.fullmatch(below if rule.whole else name):
                return not rule.negated
        return None


def read(file: Path, folder: str) -> Rules | None:
    """The rules in a .gitignore; None where there is none."""
    try:
        text = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    lines = text.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    rules = [rule for rule in map(parse, lines) if rule is not None]
    return Rules(os.fsencode(folder), tuple(rules))


def parse(line: bytes) -> Rule | None:
    """One line; None for a blank one, a comment, or a pattern that matches nothing."""
    pattern = _without_final_spaces(line.removesuffix(b"\r"))
    if not pattern or pattern.startswith(b"#"):
        return None
    negated = pattern.startswith(b"!")
    pattern = pattern[negated:]
    folders_only = pattern.endswith(b"/")
    pattern = pattern[: len(pattern) - folders_only]
    whole = b"/" in pattern
    expression = translate(pattern.removeprefix(b"/")) if pattern else None
    return None if expression is None else Rule(expression, negated, folders_only, whole)


def ignored(stack: list[Rules], path: str, *, is_folder: bool) -> bool:
    """Whether the files from the outermost to the innermost leave the path out; the innermost that knows it decides.

    Only for a path whose folder is not left out itself: what lies in such a one cannot be brought back.
    """
    return bool(_verdict(stack, path, is_folder=is_folder))


def brought_back(stack: list[Rules], path: str) -> bool:
    """Whether they say of a file that it is to come along: with a `!` before its name."""
    return _verdict(stack, path, is_folder=False) is False


def _verdict(stack: list[Rules], path: str, *, is_folder: bool) -> bool | None:
    encoded = os.fsencode(path)
    found = (rules.verdict(encoded, is_folder=is_folder) for rules in reversed(stack))
    return next((verdict for verdict in found if verdict is not None), None)


def _without_final_spaces(line: bytes) -> bytes:
    """Without the spaces at the end, but for one that a backslash protects."""
    kept = line.rstrip(b" ")
    backslashes = len(kept) - len(kept.rstrip(b"\\"))
    return line[: len(kept) + 1] if backslashes % 2 and len(kept) < len(line) else kept
