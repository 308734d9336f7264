"""The rules of a .dockerignore: every pattern counts from the folder of the file, and a parent counts for its files."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.wildmatch import translate

if TYPE_CHECKING:
    import re


class DockerRules(NamedTuple):
    """Pairs of an expression and whether it brings back (`!`)."""

    rules: tuple[tuple[re.Pattern[bytes], bool], ...] = ()

    @property
    def bring_back(self) -> bool:
        """Whether something may be wanted below a folder that is left out."""
        return any(negated for _, negated in self.rules)

    def ignored(self, path: str) -> bool:
        """Whether the last rule that matches the path, or a folder on the way to it, leaves it out."""
        ways = [os.fsencode(str(each)) for each in (PurePosixPath(path), *PurePosixPath(path).parents)][:-1]
        for expression, negated in reversed(self.rules):
            if any(expression.fullmatch(way) for way in ways):
                return not negated
        return False


def read(file: Path) -> DockerRules:
    """The rules in a .dockerignore; none where there is no such file."""
    try:
        lines = file.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return DockerRules()
    return DockerRules(tuple(rule for rule in map(_parse, lines) if rule is not None))


def _parse(line: bytes) -> tuple[re.Pattern[bytes], bool] | None:
    pattern = line.strip()
    if not pattern or line.startswith(b"#"):
        return None
    negated = pattern.startswith(b"!")
    cleaned = os.path.normpath(pattern[negated:].strip()).strip(b"/")
    expression = translate(cleaned)
    return None if expression is None or cleaned == b"." else (expression, negated)
