"""Everything that is wrong with one text file, each thing at its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cynthus.core.nodes import Mark
from cynthus.errors import Problem, SpecError

if TYPE_CHECKING:
    from cynthus.core.misfit import Misfit

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line for a YAML reader."""

LONGEST_LINE = 10_000
"""A longer line is not shown: it is data, and not what a person has written. Of a long one the part at the caret is."""

MOST = 100
"""A file with more problems than that is not read by anybody; the rest is left out."""


def end_of(text: str) -> Mark:
    """The place right after a text: where its file goes on."""
    lines = _BREAK.split(text)
    return Mark(len(lines), len(lines[-1]) + 1)


class Report:
    """Collects problems of `file`, whose text is `text`."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = _BREAK.split(text)
        self._problems: list[Problem] = []

    def add(self, mark: Mark, misfit: Misfit) -> None:
        """Note a problem at a place of the text; Mark(0, 0) stands for one that the text does not mention."""
        file, line = (self._file, self._line(mark.line)) if mark.line else ("", "")
        problem = Problem(file, mark.line, mark.column, misfit.message, misfit.hint, misfit.kind.code, line)
        if problem not in self._problems and len(self._problems) < MOST:
            self._problems.append(problem)

    def marks(self) -> frozenset[Mark]:
        """The places that have a problem by now."""
        return frozenset(Mark(problem.line, problem.column) for problem in self._problems)

    def error(self) -> SpecError:
        """Everything so far, in the order of the text."""
        return SpecError(sorted(self._problems, key=lambda problem: (problem.line, problem.column)))

    def close(self) -> None:
        """Go on only if there was nothing.

        Raises:
            SpecError: with every problem.
        """
        if self._problems:
            raise self.error()

    def _line(self, number: int) -> str:
        line = self._lines[number - 1] if number <= len(self._lines) else ""
        if len(line) > LONGEST_LINE:
            return ""
        return "".join(character if character.isprintable() else " " for character in line)
