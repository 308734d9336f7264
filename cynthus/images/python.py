"""The version of Python that an app asks for."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packaging.specifiers import SpecifierSet

PINNED = ".python-version"
KNOWN = ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9")
"""The newest first. An app that wants one that is not here names it itself."""

_PATCHES = range(40)
_VERSION = re.compile(r"(?:(?:cpython|python)[-@]?)?(3\.[0-9]{1,2})(?:\.[0-9]+)?")


class Python(Struct, frozen=True):
    """`version` None: that of the machine will do. `origin` is the file that asks for it, `specifier` the range that it
    allows where it is a range."""

    version: str | None = None
    origin: str = ""
    warnings: tuple[str, ...] = ()
    specifier: str = ""


class Wanted(Struct, frozen=True):
    """A specifier such as `>=3.10`, and what says so."""

    specifier: str
    origin: str


def choose(places: Sequence[Path], wanted: Sequence[Wanted], own: str | None = None) -> Python:
    """The version that the first of these has: a `.python-version` in one of `places`, the first of `wanted`.

    For a specifier that is the version of the Python that runs us (`own`) where that will do, else the newest that
    does: it is the one that is there for certain, on this machine.
    """
    own = own or f"{sys.version_info[0]}.{sys.version_info[1]}"
    pinned = next((found for place in places if (found := _pinned(place / PINNED)) is not None), None)
    if pinned is None:
        return _satisfying(wanted[0], own) if wanted else Python()
    contradicting = next((each for each in wanted if not _does(pinned, each)), None)
    if contradicting is None:
        return Python(pinned, PINNED)
    chosen = _satisfying(contradicting, own)
    said = f"{PINNED} names {pinned}, which {contradicting.origin} ({contradicting.specifier}) does not allow"
    return replace(chosen, warnings=(f"{said}: the latter counts", *chosen.warnings))


def contradiction(version: str, wanted: Sequence[Wanted]) -> str:
    """What does not allow a version that the user has named; "" where nothing does."""
    found = next((each for each in wanted if not _does(version, each)), None)
    return f"{found.origin} asks for Python {found.specifier}, not for {version}" if found else ""


def _pinned(file: Path) -> str | None:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    words = [line.partition("#")[0].strip() for line in text.splitlines()]
    found = next((_VERSION.fullmatch(word) for word in words if word), None)
    return found[1] if found else None


def _satisfying(wanted: Wanted, own: str) -> Python:
    specifier = _parsed(wanted.specifier)
    if specifier is None:
        return Python(warnings=(f"{wanted.origin}: {wanted.specifier!r} says nothing about a version of Python",))
    found = next((version for version in (own, *KNOWN) if _allows(specifier, version)), None)
    if found is None:
        said = f"{wanted.origin} asks for Python {wanted.specifier}, which none from {KNOWN[-1]} to {KNOWN[0]} is"
        return Python(warnings=(f"{said}: that of the machine is taken",))
    # What will do as it is says nothing about another machine.
    return Python(None if found == own else found, wanted.origin, specifier=wanted.specifier)


def _does(version: str, wanted: Wanted) -> bool:
    specifier = _parsed(wanted.specifier)
    return specifier is None or _allows(specifier, version)


def allows(specifier: str, version: str) -> bool:
    """Whether a release of that version is in the range; in one that says nothing each is."""
    return _does(version, Wanted(specifier, ""))


def _allows(specifier: Any, version: str) -> bool:
    return any(specifier.contains(f"{version}.{patch}") for patch in _PATCHES)


def _parsed(text: str) -> SpecifierSet | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None
