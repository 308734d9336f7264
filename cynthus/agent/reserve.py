"""Room on the disk for a small file that must be written even when the disk is full."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cynthus.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

_ROOM = 4096
"""Bytes: one block of most file systems, and more than any file that is written this way."""


def _spare(path: Path) -> Path:
    return path.with_name(f".{path.name}.spare")


def make(path: Path) -> None:
    """Set the room aside.

    Raises:
        OSError: there is none even now.
    """
    write_atomic(_spare(path), b" " * _ROOM)


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path`, whole or not at all; on a full disk into the room that was set aside, once.

    Raises:
        OSError: the disk is full and no room was set aside, or something else is wrong with it.
    """
    try:
        write_atomic(path, data)
    except OSError as error:
        try:
            stream = open(_spare(path), "r+b")  # noqa: SIM115 - closed below
        except FileNotFoundError:
            raise error from None
        with stream:
            stream.write(data)
            stream.truncate()
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(_spare(path), path)
    else:
        _spare(path).unlink(missing_ok=True)
