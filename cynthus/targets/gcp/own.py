"""The user's own copy of the table of machines, which `cynthus catalog update` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus import settings
from cynthus.errors import CatalogBroken
from cynthus.targets.gcp.catalog import TABLE
from cynthus.targets.gcp.table import day_of, load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.targets.gcp.table import File

_MEND = "`cynthus catalog update` makes it anew; or remove it, and that of this version counts"
_NEWER = "; or remove the file, and that of this version counts"


def own_copy(environment: Mapping[str, str]) -> Path:
    """Where it lies, if there is one."""
    return settings.read(environment).state_dir / "catalog" / "gcp.json"


def newest(environment: Mapping[str, str]) -> File:
    """The user's own, or that of this version where it is of a later day.

    Raises:
        CatalogBroken, StateTooNew: one of them cannot be read.
    """
    path = own_copy(environment)
    if not path.exists():
        return load(TABLE)
    own = load(path, mend=_MEND, newer=_NEWER)
    return own if own.as_of >= day_of(TABLE) else load(TABLE)


def to_renew(environment: Mapping[str, str]) -> tuple[File, tuple[str, ...]]:
    """The table that a new one is made of, and what is to be said of it: a broken copy is no reason to make none.

    Raises:
        StateTooNew: the user's own is of a newer Cynthus, which may have made it of more than this one knows.
    """
    try:
        return newest(environment), ()
    except CatalogBroken as broken:
        return load(TABLE), (f"{broken.message}; that of this version was taken in its place",)
