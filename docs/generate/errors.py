"""docs/reference/errors.md: what `cynthus explain` tells, for every code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import every_error
from docs.generate.markdown import docstring

if TYPE_CHECKING:
    from cynthus.errors import CynthusError

HEAD = """\
# Errors

Every error has a code that does not change from version to version, a message that says what and where, and a hint that
says what to do next. `cynthus explain CODE` shows the same text as this page.

"""


def ours() -> list[type[CynthusError]]:
    """All errors of Cynthus, in the order of their codes; those that another package derives are its own matter."""
    kinds = {kind for kind in every_error() if kind.__module__.partition(".")[0] == "cynthus"}
    return sorted(kinds, key=lambda kind: (kind.code, kind.__name__))


def page() -> str:
    """All of them."""
    return HEAD + "\n".join(map(_entry, ours()))


def _entry(kind: type[CynthusError]) -> str:
    return f"## {kind.code} {kind.__name__}\n\nExit code {kind.exit_code}. {docstring(kind)}\n"
