"""How two changes of one list of requirements are brought together: by package, and not by where lines stand."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def merge_lists(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The user's list with our changes in it, or None where both changed what is said of one package.

    A line of theirs stays as it is. One that we no longer have goes, if they left it alone; a new one of ours comes.
    """
    old, new, user = (content.decode("utf-8", "surrogateescape").split("\n") for content in (base, ours, theirs))
    changed = {_name(line) for line in {*old} ^ {*user}} - {""}
    added = [line for line in new if line not in old and line not in user]
    gone = [line for line in old if line not in new]
    if changed & {_name(line) for line in [*added, *gone]} & {_name(line) for line in added}:
        return None
    merged = [line for line in user if line not in gone]
    for line in added:
        merged.insert(_after(merged, new[: new.index(line)]), line)
    return "\n".join(merged).encode("utf-8", "surrogateescape")


def _after(merged: list[str], before: list[str]) -> int:
    """The place behind the nearest of the lines that stand before it in our list."""
    places = {_name(line) or line: at for at, line in enumerate(merged, 1) if line}
    return next((places[key] for line in reversed(before) if (key := _name(line) or line) in places), 0)


def _name(line: str) -> str:
    """The package that a line is about, as PyPI spells it; "" for a comment or an option."""
    found = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""
