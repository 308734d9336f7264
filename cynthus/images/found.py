"""Requirements that were found somewhere, as lines that pip and uv read."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import RequirementsUnreadable

if TYPE_CHECKING:
    from pathlib import Path

IMPORTS = "the imports"
"""The origin of lines that no file lists."""
LARGEST = 50_000_000
"""Bytes of a file that lists requirements. A uv.lock of a thousand packages has a few million."""


class Found(Struct, frozen=True):
    """`lines` as in a requirements.txt; `origin` says in a few words where they come from."""

    origin: str
    lines: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class Place(Struct, frozen=True):
    """Where a file of requirements lies, and the folder from which paths in the lines are written."""

    folder: Path
    written_in: Path

    def path(self, named: str) -> str:
        """A path that a file in `folder` names, as a requirement.

        Raises:
            ValueError: it is on this machine only.
        """
        if named.startswith(("/", "~")):
            raise ValueError(f"{named} lies outside of the app's folder")
        path = os.path.relpath(self.folder / named, self.written_in)
        return path if path.startswith("..") else f"./{path}"


def canonical(name: str) -> str:
    """A package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def text_of(file: Path) -> str:
    """The content of a file that lists requirements.

    Raises:
        RequirementsUnreadable: it cannot be read, or is no text.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise unreadable(file, f"it is larger than {LARGEST // 1_000_000} MB")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise unreadable(file, (error.strerror or str(error)).lower()) from None
    except UnicodeDecodeError:
        raise unreadable(file, "it is not UTF-8") from None


def unreadable(file: Path, why: str) -> RequirementsUnreadable:
    """A file that lists requirements and does not say which."""
    return RequirementsUnreadable(
        f"{file}: {why}",
        hint="mend it, name another file under `requirements:`, or write `requirements: none`",
    )
