"""A value that does not fit where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cynthus.errors import BadValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.errors import UsageError

LONGEST = 60


class Misfit(ValueError):
    """What is wrong with a value, what to write instead, and the kind of problem it is.

    `at` leads from the value to the part of it that is wrong, by keys and positions. `others` are wrong with the same
    value.
    """

    others: tuple[Misfit, ...] = ()

    def __init__(
        self, message: str, *, hint: str, kind: type[UsageError] = BadValue, at: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.kind = kind
        self.at = at


def refuse(misfits: Sequence[Misfit]) -> None:
    """Raise all of them as one, if there are any.

    Raises:
        Misfit: the first, with the others.
    """
    if misfits:
        first, *others = misfits
        first.others = tuple(others)
        raise first


def flow(text: str) -> str:
    """A user's word as it can stand in a YAML list: quoted where it needs that."""
    return text if re.fullmatch(r"[A-Za-z0-9./_][A-Za-z0-9./_-]*|--?[A-Za-z0-9_-]+", text) else quoted(text)


def quoted(text: str) -> str:
    """A user's word as it can be shown in a message: on one line, of bounded length, nothing a terminal obeys."""
    shown = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return repr(shown)
