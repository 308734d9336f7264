"""A file of lines that only grows at its end: no line is lost or joined to another by a crash."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from cynthus.files import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 1 << 16
"""Bytes read at once."""


def append(path: Path, line: bytes) -> None:
    """Add `line`, which ends in a line feed, and wait until it is on disk. Only one process at a time may.

    Raises:
        OSError: it cannot be written; the lines before it are untouched, and no part of it is left.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        end = _cut_torn_line(descriptor)
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)
    if end == 0:
        sync_folder(path.parent)


def _cut_torn_line(descriptor: int) -> int:
    """Cut what a power cut or a full disk left of a line, lest the next one be joined to it. Gives the size."""
    end = os.fstat(descriptor).st_size
    whole = end
    while whole > 0:
        start = max(0, whole - BLOCK)
        found = os.pread(descriptor, whole - start, start).rfind(b"\n")
        whole = start + found + 1
        if found >= 0:
            break
    if whole != end:
        os.ftruncate(descriptor, whole)
    return whole
