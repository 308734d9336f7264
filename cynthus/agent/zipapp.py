"""Makes the agent's program: one file that any Python from 3.10 on runs, the same bytes every time."""

from __future__ import annotations

import io
import struct
import zipfile
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

from cynthus.files import write_atomic

_PACKAGE = Path(__file__).parent.parent
_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = b"""import os
import sys

from cynthus.agent import bytecode

bytecode.keep(sys.path[0], os.environ)

from cynthus.agent.__main__ import main

main()
"""
_HEADER = struct.Struct("<4sLLL")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def build(path: Path) -> None:
    """Write the program to `path`.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content(), mode=0o755)


def content() -> bytes:
    """The program. Entries are sorted, of one date, and stored as they are, so that git shows no false change."""
    stream = io.BytesIO()
    stream.write(_SHEBANG)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, data in _entries():
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.external_attr = 0o100644 << 16
            # The system that makes the file is written into it; say the same on all of them.
            entry.create_system = 3
            archive.writestr(entry, data)
    return stream.getvalue()


def compiled() -> dict[str, bytes]:
    """The marshalled code of its modules, by name, as far as Python has kept it beside them."""
    found = {}
    for file in _files():
        path = file.relative_to(_PACKAGE.parent).with_suffix("")
        code = _kept(file)
        if code is not None:
            found[".".join(path.parts).removesuffix(".__init__")] = code
    return found


def _kept(file: Path) -> bytes | None:
    """The code in a module's .pyc file, if it is of the module as that is now: PEP 552 has the header's fields."""
    try:
        data = Path(cache_from_source(str(file))).read_bytes()
    except OSError:
        return None
    known = file.stat()
    wanted = (MAGIC_NUMBER, 0, int(known.st_mtime) & 0xFFFFFFFF, known.st_size & 0xFFFFFFFF)
    return data[_HEADER.size :] if _HEADER.unpack_from(data.ljust(_HEADER.size)) == wanted else None


def _entries() -> list[tuple[str, bytes]]:
    named = [(file.relative_to(_PACKAGE.parent).as_posix(), file.read_bytes()) for file in _files()]
    return sorted([("__main__.py", _MAIN), *named])


def _files() -> list[Path]:
    shared = [_PACKAGE / name for name in ("__init__.py", "files.py", "process.py", "web.py", "objects.py")]
    # Who has the program makes no other of it.
    return [*shared, *(file for file in (_PACKAGE / "agent").glob("*.py") if file.name != "zipapp.py")]
