"""Disks that are full or cannot be written, for tests of what happens then."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A file system in memory at `folder`; skips the test where none can be mounted."""
    folder.mkdir(exist_ok=True)
    try:
        made = run(Command(("mount", "-t", "tmpfs", "-o", options, "none", str(folder))))
    except FileNotFoundError:
        pytest.skip("there is no `mount` here")
    if made.returncode:
        pytest.skip(f"a small disk needs the right to mount: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        run(Command(("umount", "-l", str(folder))))


def fill(folder: Path) -> None:
    """Leave no room in the file system of `folder`."""
    with open(folder / "filler", "wb", buffering=0) as stream, contextlib.suppress(OSError):
        while stream.write(b"\0" * 4096):
            pass
    assert os.statvfs(folder).f_bavail == 0


def make_read_only(folder: Path) -> None:
    assert run(Command(("mount", "-o", "remount,ro", str(folder)))).returncode == 0
