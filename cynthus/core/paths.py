"""Paths that a user writes into cynthus.yaml."""

from __future__ import annotations

import posixpath

from cynthus.core.misfit import Misfit, quoted
from cynthus.errors import PathRefused

RESERVED = ("infra", ".cynthus", ".git", "data")
"""Folders where nothing of the app's own may be written: rendered files, our records, history, and the data."""


def plain(text: str) -> str:
    """The path without `./`, doubled and final slashes; '.' is the folder of cynthus.yaml itself.

    Raises:
        Misfit: it is empty, begins with `~`, or holds a character that no list of files shows.
    """
    if not text.strip():
        raise Misfit("the path is empty", hint="name a folder or file, or leave the key out", kind=PathRefused)
    if not text.isprintable():
        raise Misfit(f"{quoted(text)} holds a character that cannot be seen", hint="use a plain name", kind=PathRefused)
    if text.startswith("~"):
        raise Misfit(f"{quoted(text)}: `~` is not expanded", hint="write the whole path", kind=PathRefused)
    return posixpath.normpath(text)


def inside(text: str) -> str:
    """The path of something in the folder of cynthus.yaml, relative to it.

    Raises:
        Misfit: it leads out of the folder, or `plain` refuses it.
    """
    path = plain(text)
    if path.startswith("/") or ".." in text.split("/"):
        raise Misfit(
            f"{quoted(text)} leads out of the folder", hint="write a path below it, without `..`", kind=PathRefused
        )
    return path


def writable(text: str) -> str:
    """The path of a folder that the app writes to: inside the folder, and not one that has another use.

    Raises:
        Misfit: it is none of those.
    """
    path = inside(text)
    if path == "." or path.split("/")[0] in RESERVED:
        used = "is the whole folder" if path == "." else "has another use"
        raise Misfit(f"{quoted(text)} {used}", hint='name a folder of its own, e.g. "outputs/"', kind=PathRefused)
    return path


def overlap(one: str, other: str) -> bool:
    """Whether two plain paths are the same or one lies below the other."""
    shorter, longer = sorted((one.split("/"), other.split("/")), key=len)
    return longer[: len(shorter)] == shorter
