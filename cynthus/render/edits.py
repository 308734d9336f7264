"""Edits as people read them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

EditKind = Literal["edited", "deleted", "added"]


class Edit(Struct, frozen=True):
    """One edit of the user's. `diff` is a unified diff against what was rendered; empty where there is none to show."""

    path: str
    kind: EditKind
    diff: str = ""


def unified(path: str, old: bytes, new: bytes, *, old_name: str, new_name: str) -> str:
    """A unified diff of two texts; "" where one is no text."""
    from difflib import unified_diff

    if b"\0" in old + new:
        return ""
    before, after = (text.decode("utf-8", "replace").split("\n") for text in (old, new))
    lines = unified_diff(_ended(before), _ended(after), f"{path} ({old_name})", f"{path} ({new_name})", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _ended(lines: list[str]) -> list[str]:
    """Lines without their ends; a text that lacks the last one says so, as `diff` does."""
    if lines[-1]:
        return [*lines[:-1], f"{lines[-1]}\n\\ No newline at end of file"]
    return lines[:-1]
