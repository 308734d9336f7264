"""A length of time."""

from __future__ import annotations

import re

from cynthus.core.measure import Measure
from cynthus.core.misfit import Misfit, quoted

_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_WORD = re.compile(r"(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s?)?")
LONGEST = 366 * 86400


class Duration(Measure, frozen=True, eq=False):
    """A number of seconds. `str()` is the word that the user wrote."""

    seconds: int
    word: str = ""

    def __str__(self) -> str:
        return self.word or f"{self.seconds}s"

    @classmethod
    def parse(cls, text: str) -> Duration:
        """`4h`, `1h30m`, `90s`, or a bare number of seconds.

        Raises:
            Misfit: it is no length of time, or longer than a year.
        """
        found = _WORD.fullmatch(text)
        if found is None or not text:
            raise Misfit(f"{quoted(text)} is no length of time", hint='write e.g. "4h", "1h30m" or "90s"')
        seconds = sum(int(part or 0) * unit for part, unit in zip(found.groups(), _SECONDS.values(), strict=True))
        if seconds > LONGEST:
            raise Misfit(f"{quoted(text)} is more than a year", hint="write a shorter time")
        return cls(seconds, text)
