"""An object as Google tells it: its name, and what we have written into its metadata."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from cynthus.errors import BucketFailed
from cynthus.storage.base import Stored, checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.cloud.storage import Blob

SHA256 = "cynthus-sha256"
MODE = "cynthus-mode"
MTIME = "cynthus-mtime-ns"


def named(key: str) -> str:
    """The key, if Google takes it as a name.

    Raises:
        BucketFailed: it does not.
    """
    if not _is_text(checked(key)) or "\n" in key or "\r" in key:
        raise BucketFailed(
            f"{key!r} cannot be a name in a bucket of Google: it has a line break or is not UTF-8",
            hint="give the file another name",
        )
    return key


def _is_text(key: str) -> bool:
    try:
        return bool(key.encode())
    except UnicodeEncodeError:
        return False


def is_key(name: str) -> bool:
    """Whether what another program has put there has a name as ours."""
    try:
        return bool(checked(name))
    except BucketFailed:
        return False


def stored_of(blob: Blob) -> Stored:
    """What Google's library knows of an object."""
    told = {name: getattr(blob, name) for name in ("size", "crc32c", "generation", "metadata")}
    return stored(str(blob.name), told)


def stored(key: str, told: Mapping[str, object]) -> Stored:
    """What Google says of an object. Whoever put it may have written anything into the metadata."""
    metadata = told.get("metadata")
    said = metadata if isinstance(metadata, dict) else {}
    crc = told.get("crc32c")
    checksum, mode, mtime = (str(said.get(name, "")) for name in (SHA256, MODE, MTIME))
    return Stored(
        key,
        int(str(told["size"])),
        checksum if re.fullmatch("[0-9a-f]{64}", checksum) else None,
        # Google does not tell it of what is encrypted with somebody's own key.
        int.from_bytes(base64.b64decode(crc), "big") if isinstance(crc, str) else None,
        str(told["generation"]),
        int(mode, 8) & 0o777 if re.fullmatch("[0-7]{1,4}", mode) else None,
        int(mtime) if re.fullmatch("-?[0-9]{1,19}", mtime) else None,
    )
