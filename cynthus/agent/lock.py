"""A lock that its holder's death releases."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_LOOKS = 5
"""How often a lock is tried that need not be waited for: `held` has it for a moment when it looks."""


def acquire(path: Path, *, wait: bool) -> int | None:
    """The locked descriptor, which a forked child shares: the lock lasts until the last of them has closed it.

    None where somebody else holds the lock and `wait` is false.

    Raises:
        OSError: the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if _locked(descriptor, wait=wait):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def held(path: Path) -> bool:
    """Whether somebody holds the lock just now."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _tried(descriptor)
    finally:
        os.close(descriptor)


def share(path: Path) -> int:
    """The descriptor of a lock that many hold at once. Whatever this process becomes keeps it until it ends.

    Raises:
        OSError: the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - it has no name
    return descriptor


def _locked(descriptor: int, *, wait: bool) -> bool:
    if wait:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return True
    for _ in range(_LOOKS):
        if _tried(descriptor):
            return True
        time.sleep(0.004)
    return False


def _tried(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold the lock for a while; waits for whoever has it."""
    descriptor = acquire(path, wait=True)
    assert descriptor is not None  # noqa: S101 - waiting gives the lock or raises
    try:
        yield descriptor
    finally:
        os.close(descriptor)
