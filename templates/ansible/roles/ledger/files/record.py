"""The file that the ledger is: read, checked, and changed by one at a time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asked import Unsure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA = 1
EMPTY: dict[str, Any] = {
    "schema": SCHEMA, "removing": False, "asked": [], "packages": [], "settings": [], "files": {}, "data": {},
    "folders": [], "members": [], "groups": [], "lingering": [],
}  # fmt: skip


def read(file: Path) -> dict[str, Any] | None:
    """What was noted; None where nothing was.

    Raises:
        Unsure: it is damaged, or another Cynthus has written it.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as failure:
        raise _damaged(file, str(failure)) from None
    if not isinstance(found, dict):
        raise _damaged(file, "it is no object of JSON")
    schema = found.get("schema")
    if type(schema) is not int or schema != SCHEMA:
        hint = "take the version of Cynthus that has made this host ready, or leave --purge out"
        message = f"{file} has the schema {schema!r}, and this Cynthus knows {SCHEMA}; nothing was changed in it"
        raise Unsure(message, hint, "CYN-430")
    noted = {**EMPTY, **found}
    for name, usual in EMPTY.items():
        if not _alike(name, noted[name], usual):
            raise _damaged(file, f"what it has as {name!r} makes no sense")
    return noted


def _damaged(file: Path, why: str) -> Unsure:
    hint = f"look at it there; with `sudo mv {file} {file}.old` all that was installed so far counts as the host's own"
    return Unsure(f"{file}, where is noted what was installed, is damaged: {why}", hint)


def _alike(name: str, found: object, usual: object) -> bool:
    if isinstance(usual, list):
        return _texts(found)
    if isinstance(usual, dict):
        return isinstance(found, dict) and all(
            _texts(value) if name == "files" else isinstance(value, str) for value in found.values()
        )
    return type(found) is type(usual)


def _texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(each, str) for each in found)


def seal(noted: Mapping[str, Any]) -> str:
    """What changes with what was noted, and not with the mark of a removal that has begun."""
    text = json.dumps({**noted, "removing": False}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Nobody else changes the ledger meanwhile. Its folder is there, and each user may read in it."""
    while True:
        file.parent.mkdir(parents=True, exist_ok=True)
        place = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(place, fcntl.LOCK_EX)
            if not _same(place, file.parent):  # removed while this one waited
                continue
            os.fchmod(place, 0o755)
            yield
            if not file.exists():
                with suppress(OSError):
                    file.parent.rmdir()
            return
        finally:
            os.close(place)


def _same(place: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(place), folder.stat())
    except FileNotFoundError:
        return False


def write(file: Path, noted: Mapping[str, Any]) -> None:
    """Replace what was noted, whole or not at all."""
    number, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.", suffix=".part")
    try:
        with open(number, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(noted, indent=2) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial = Path(name)
        partial.chmod(0o644)
        partial.replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def remove(file: Path) -> None:
    """Take it away, with what was left of one that was cut off."""
    for each in (*file.parent.glob(f"{file.name}.*.part"), file):
        with suppress(FileNotFoundError):
            each.unlink()
