"""Makes the agent's program: one file that any Python from 3.10 on runs, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from cynthus.files import write_atomic

_PACKAGE = Path(__file__).parent.parent
_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = b"from cynthus.agent.__main__ import main\n\nmain()\n"
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


def _entries() -> list[tuple[str, bytes]]:
    shared = [_PACKAGE / name for name in ("__init__.py", "files.py", "process.py")]
    files = [*shared, *(_PACKAGE / "agent").glob("*.py")]
    named = [(f"cynthus/{file.relative_to(_PACKAGE).as_posix()}", file.read_bytes()) for file in files]
    return sorted([("__main__.py", _MAIN), *named])
