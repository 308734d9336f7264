"""A way not to get through to a host."""

from __future__ import annotations

from msgspec import Struct


class Cause(Struct, frozen=True):
    """One way not to get through. `pattern` is looked for in what `ssh` said; `passes` is whether it may get better by
    itself. In the texts {host} is the host, {alias} and {file} where its key is pinned."""

    pattern: str
    message: str
    hint: str
    passes: bool = False
    closed: bool = False
    """Whether it has nothing to do with the machine, so that it does not pass while one boots."""
