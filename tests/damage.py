"""What a crash, a disk or a stranger does to a file; and obeying permissions as root."""

from __future__ import annotations

import ctypes
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def zeros(path: Path) -> None:
    """What a power cut leaves of a file whose blocks were not written."""
    path.write_bytes(bytes(path.stat().st_size))


def binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)))


def another_type(path: Path) -> None:
    path.write_text("[1, 2]\n")


def nested(path: Path) -> None:
    path.write_text("[" * 200_000)


def wrong_fields(path: Path) -> None:
    """Still an object, and every value in it is of another type."""
    document = json.loads(path.read_text())
    path.write_text(json.dumps({key: value if key == "schema" else [str(value)] for key, value in document.items()}))


def closed(path: Path) -> None:
    path.chmod(0)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


EVERY = (truncated, empty, zeros, binary, another_type, nested, wrong_fields, closed, a_folder)
SOME = (truncated, wrong_fields, closed)
"""One of each sort: no JSON, JSON of another shape, not to be read at all."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


_VERSION_3 = 0x20080522
_READ_ANYTHING = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH of capabilities(7)."""


@contextmanager
def like_everybody() -> Iterator[None]:
    """Within the block root, too, is refused what permissions forbid; programs that it starts are not."""
    if os.geteuid():
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(_VERSION_3, 0), (_Capabilities * 2)()
    assert libc.capget(ctypes.byref(header), sets) == 0
    before = sets[0].effective
    sets[0].effective = before & ~_READ_ANYTHING
    assert libc.capset(ctypes.byref(header), sets) == 0
    try:
        yield
    finally:
        sets[0].effective = before
        assert libc.capset(ctypes.byref(header), sets) == 0
