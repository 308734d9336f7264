"""A file that is written beside its place first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write(partial: Path, data: Iterable[bytes], mode: int | None) -> os.stat_result:
    """Write a new file, on disk when it returns; gives what it is like. Without `mode` the umask decides.

    Raises:
        OSError: it cannot be written. What is there of it is the caller's to remove.
    """
    with open(partial, "xb") as stream:
        stream.writelines(data)
        stream.flush()
        if mode is not None:
            os.fchmod(stream.fileno(), mode)
        os.fsync(stream.fileno())
        return os.fstat(stream.fileno())
