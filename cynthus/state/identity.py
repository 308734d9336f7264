"""Whether a folder that carries a deployment's id is the deployment's own, or a copy of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

ReadId = Callable[[Path], str | None]
"""Gives the id in a folder's committed files, None where there is none."""


class Standing(StrEnum):
    """What a folder is to the deployment whose id it carries."""

    NEW = "new"
    """It carries no id, or one that this user's index does not know (a fresh clone, say)."""
    KNOWN = "known"
    """It is the folder that the index names."""
    MOVED = "moved"
    """The folder that the index names is gone, or no longer carries the id: this one took its place."""
    COPIED = "copied"
    """The folder that the index names is still there and carries the same id."""


def standing(folder: Path, indexed: Path | None, id: str | None, read_id: ReadId) -> Standing:  # noqa: A002
    """Where `folder` stands, that carries `id`, when the index says that the deployment lives in `indexed`."""
    if id is None or indexed is None:
        return Standing.NEW
    if _same(folder, indexed):
        return Standing.KNOWN
    if indexed.is_dir() and read_id(indexed) == id:
        return Standing.COPIED
    return Standing.MOVED


def _same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one folder: by links, by a bind mount, or in other letters where case is no matter."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False
