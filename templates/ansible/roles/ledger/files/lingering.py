"""Whose units run without a session of theirs since Cynthus has switched that on."""

from __future__ import annotations

import pwd
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def coming(root: str, names: Iterable[str]) -> list[str]:
    """Those of them for whom it is off."""
    return [name for name in names if not _is_on(root, name)]


def removable(root: str, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """For whom it is to be switched off, and why not for others: their own units need it by now."""
    there = [name for name in names if _is_on(root, name)]
    own = {name: unit for name in there if (unit := _own_unit(root, name))}
    kept = [f"lingering for {name}: {unit} is enabled, and not of Cynthus" for name, unit in own.items()]
    return [name for name in there if name not in own], kept


def _is_on(root: str, name: str) -> bool:
    return (Path(root or "/") / "var/lib/systemd/linger" / name).exists()


def _own_unit(root: str, name: str) -> str:
    """A unit that the user has enabled; empty where there is none."""
    try:
        home = pwd.getpwnam(name).pw_dir
    except KeyError:
        return ""
    found = (Path(root or "/") / home.lstrip("/") / ".config/systemd/user").glob("*.wants/*")
    return next((each.name for each in sorted(found) if not each.name.startswith("cynthus-")), "")
