"""How many processors the app asks for."""

from __future__ import annotations

import re

from cynthus.core.measure import Measure
from cynthus.core.misfit import Misfit, quoted

_WORD = re.compile(r"([1-9][0-9]{0,3})(\+?)")


class Cpus(Measure, frozen=True, eq=False):
    """A number of processors; with `at_least` more will do too. `str()` is the word that the user wrote."""

    count: int
    at_least: bool = False
    word: str = ""

    def __str__(self) -> str:
        return self.word or f"{self.count}{'+' if self.at_least else ''}"

    @classmethod
    def parse(cls, text: str) -> Cpus:
        """`4` or `4+`.

        Raises:
            Misfit: it is neither.
        """
        found = _WORD.fullmatch(text)
        if found is None:
            raise Misfit(f"{quoted(text)} is no number of processors", hint='write e.g. 4, or "4+" for four or more')
        return cls(int(found[1]), bool(found[2]), text)
