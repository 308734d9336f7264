"""A GPU that the app asks for."""

from __future__ import annotations

import re

from cynthus.core.measure import Measure
from cynthus.core.misfit import Misfit, quoted
from cynthus.core.suggest import nearest

KNOWN = (
    *("T4", "L4", "L40", "L40S", "P4", "P100", "V100", "V100-32GB", "A2", "A10", "A10G", "A16", "A30", "A40"),
    *("A100", "A100-40GB", "A100-80GB", "H100", "H100-80GB", "H100-MEGA", "H200", "GH200", "B200", "B300"),
    *("GB200", "GB300"),
    *("A4000", "A4500", "A5000", "A6000", "RTX-A6000", "RTX-6000-Ada", "RTX-PRO-6000"),
    *("RTX-2080-Ti", "RTX-3060", "RTX-3070", "RTX-3080", "RTX-3090", "RTX-4060", "RTX-4070", "RTX-4080", "RTX-4090"),
    *("RTX-5060", "RTX-5070", "RTX-5080", "RTX-5090", "GTX-1080-Ti", "K80", "MI210", "MI250X", "MI300X"),
)
"""The usual names, as clouds spell them. Others are taken as they are: a machine of one's own may hold anything."""

_WORD = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,62})(:(?P<count>[1-9][0-9]{0,2}))?")
_NEAR = 0.75
"""Stricter than for other words: A6000 is no misspelt A100."""


class Gpu(Measure, frozen=True, eq=False):
    """A model of GPU and how many of it. `str()` is the word that the user wrote."""

    name: str
    count: int = 1
    word: str = ""

    def __str__(self) -> str:
        return self.word or f"{self.name}:{self.count}"

    @classmethod
    def parse(cls, text: str) -> Gpu:
        """`L4` or `L4:2`. Capitals and dashes do not matter for a known name.

        Raises:
            Misfit: it is no GPU, or it looks like a misspelt one.
        """
        found = _WORD.fullmatch(text)
        if found is None or found["name"].isdigit():
            raise Misfit(f"{quoted(text)} is no GPU", hint='write a model and how many, e.g. "L4:1"')
        return cls(_spelled(found["name"]), int(found["count"] or 1), text)


def _spelled(name: str) -> str:
    known = {_plain(word): word for word in KNOWN}
    if _plain(name) in known:
        return known[_plain(name)]
    near = nearest(name, KNOWN, cutoff=_NEAR)
    if near is not None:
        raise Misfit(f"there is no GPU {quoted(name)}", hint=f'did you mean "{near}"?')
    return name


def _plain(name: str) -> str:
    return re.sub(r"[._-]", "", name).upper()
