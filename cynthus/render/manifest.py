"""`.rendered.json`: what was rendered last, by hash.

It is committed with the files. In a fresh clone, where no pristine copies are, it tells which files nobody has edited.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from cynthus.render.documents import document, read_document
from cynthus.render.untouchable import is_inside, is_untouchable

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = ".rendered.json"

_NOTE = "Written by Cynthus: SHA-256 of each file as it was rendered. Commit it, do not edit it."
_HASH = re.compile(r"[0-9a-f]{64}\Z")


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def hash_of(content: bytes | None) -> str:
    """The same, and "" for what is not there."""
    return "" if content is None else digest(content)


def manifest(hashes: Mapping[str, str]) -> bytes:
    """The file's content."""
    return document({"schema": 1, "about": _NOTE, "files": dict(sorted(hashes.items()))})


def read_manifest(content: bytes | None) -> dict[str, str]:
    """The hashes in a manifest, by path.

    What is no manifest (a merge of git's with conflict marks, say) counts as none: less is known then, so more is left
    as it is. Paths that lead outside, or to what is never ours, are not taken over.
    """
    try:
        files = read_document(content)["files"] if content is not None else {}
    except (ValueError, KeyError, RecursionError):
        return {}
    if not isinstance(files, dict):
        return {}
    return {path: value for path, value in files.items() if _usable(path, value)}


def _usable(path: str, value: object) -> bool:
    hashed = isinstance(value, str) and _HASH.match(value) is not None
    return hashed and is_inside(path) and not is_untouchable(path) and path != MANIFEST
