"""Files that are written whole or not at all.

Standard library only: the host agent carries this module too.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Put `data` at `path` so that a reader, or a crash, sees the old file or the new one and nothing between.

    `durable` also survives a power cut (fsync of the file and its folder); a heartbeat can do without.

    Raises:
        OSError: the file cannot be written; the old one is untouched.
    """
    partial = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def replace_with(path: Path, data: Iterable[bytes], *, partial: Path) -> str:
    """The same for what is too large to hold: it is written to `partial`, on the same disk, first.

    Gives its SHA-256. Folders that are not there are made. Survives a power cut once `path.parent` is synced.

    Raises:
        OSError: the file cannot be written; the old one is untouched. What `data` raises comes out, too.
    """
    # A hundredth of a second that no start of the agent should cost.
    import hashlib

    digest = hashlib.sha256()
    for folder in (partial.parent, path.parent):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with open(partial, "xb") as stream:
            for piece in data:
                stream.write(piece)
                digest.update(piece)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Mapping[str, object], *, mode: int = 0o644, durable: bool = True) -> None:
    """`value` as indented JSON with a final newline, written atomically; keys keep their order."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    # The name of a file need not be UTF-8. What stands for such bytes is written with JSON's own escapes.
    write_atomic(path, text.encode(errors="backslashreplace"), mode=mode, durable=durable)


def read_json(path: Path) -> dict[str, object] | None:
    """The JSON object in `path`, or None where there is no such file.

    Raises:
        ValueError: the file holds something else.
        OSError: the file is there and cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError(f"{path} does not hold a JSON object")
    return value
