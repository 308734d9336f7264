"""A folder of its own for each play, in memory and readable by this user only: values of the play lie there."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cynthus.ansible.family import Family
from cynthus.errors import AnsibleError, DiskFull
from cynthus.process import birth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_count = itertools.count(1)


@contextmanager
def private_folder(tmpfs: Path) -> Iterator[Path]:
    """A new folder `tmpfs/ansible/<pid>-<birth>-<n>`, gone afterwards. What killed processes left is removed first.

    Raises:
        AnsibleError: `tmpfs` belongs to somebody else, others may read it, or the folder cannot be made.
        DiskFull: there is no room for it.
    """
    base = tmpfs / "ansible"
    with own_files(tmpfs):
        for folder in (tmpfs, base):
            folder.mkdir(mode=0o700, exist_ok=True)
            _refuse_strangers(folder)
        sweep(base)
        own = base / f"{os.getpid()}-{_born(os.getpid())}-{next(_count)}"
        own.mkdir(mode=0o700)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)  # what is left, if anything, is swept at the next start


def sweep_leftovers(tmpfs: Path) -> None:
    """What `private_folder` does first: end and remove what killed processes left.

    Raises:
        AnsibleError: `tmpfs` belongs to somebody else, or others may read it.
    """
    base = tmpfs / "ansible"
    if base.is_dir():
        with own_files(tmpfs):
            _refuse_strangers(tmpfs)
            _refuse_strangers(base)
            sweep(base)


@contextmanager
def own_files(folder: Path) -> Iterator[None]:
    """Turn what the operating system says about our own files, in or below `folder`, into errors of ours."""
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            hint = f"make room there: df {folder.parent}"
            raise DiskFull(f"no room left in {folder} for Ansible's own files", hint=hint) from None
        hint = f"look at the folder: ls -ld {folder}"
        raise AnsibleError(f"Ansible's own files cannot be written: {problem}", hint=hint) from problem


def sweep(base: Path) -> None:
    """End the plays of processes that are gone, and remove their folders. Two that sweep at once are fine.

    Ansible goes on when whoever started it is killed; what it does then, nobody sees any more.
    """
    for folder in base.iterdir():
        pid, _, rest = folder.name.partition("-")
        born = rest.rpartition("-")[0]
        if not pid.isdigit() or _born(int(pid)) != born:
            Family.left_by(folder).end(patience=2)
            shutil.rmtree(folder, ignore_errors=True)


def _born(pid: int) -> str:
    """The birth of a process as a part of a file name; '' where there is no such process."""
    return (birth(pid) or "").replace(" ", "_").replace("-", "_")


def _refuse_strangers(folder: Path) -> None:
    """In a shared place somebody else may have made the folder first, or put a link there."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise AnsibleError(
            f"{folder} is not a private folder of this user",
            hint=f"look at what it is, then remove it: ls -ld {folder}",
        )
