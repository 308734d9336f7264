"""A size of memory or disk."""

from __future__ import annotations

import re
from fractions import Fraction

from cynthus.core.measure import Measure
from cynthus.core.misfit import Misfit, quoted

_UNITS = {"k": 1, "m": 2, "g": 3, "t": 4}
_WORD = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([KMGTkmgt])(i?)[Bb]?(\+?)")


class Size(Measure, frozen=True, eq=False):
    """A number of bytes; with `at_least` more will do too. `str()` is the word that the user wrote."""

    bytes: int
    at_least: bool = False
    word: str = ""

    def __str__(self) -> str:
        return self.word or f"{self.bytes / 10**9:g}GB{'+' if self.at_least else ''}"

    @classmethod
    def parse(cls, text: str) -> Size:
        """`16GB`, `16GB+`, `512MB`, `1.5TB`; GB counts in thousands, GiB in 1024s.

        Raises:
            Misfit: it is no size, or none at all.
        """
        found = _WORD.fullmatch(text)
        if found is None:
            raise Misfit(f"{quoted(text)} is no size", hint='write a number and its unit, e.g. "16GB", or "16GB+"')
        step = 1024 if found[3] else 1000
        amount = int(Fraction(found[1]) * step ** _UNITS[found[2].lower()])
        if amount == 0:
            raise Misfit(f"{quoted(text)} is nothing at all", hint="write what the app needs, or leave the key out")
        return cls(amount, bool(found[4]), text)
