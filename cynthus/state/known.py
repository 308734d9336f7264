"""Which versions of files at home came from the host, or went there: a newer one from there may replace them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from cynthus.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1

Sign = tuple[int, int] | str
"""What tells one version of a file from another: its bytes and last change in nanoseconds; of a link, its target."""


class Known(Struct, frozen=True):
    """Versions by the path of their file below a folder. `began` names what the host's folder began with, if anything.

    While a newer version is on its way there are several of a file: a kill may leave any of them at home.
    """

    began: str = ""
    files: Mapping[str, tuple[Sign, ...]] = field(default_factory=dict)

    def of(self, path: str) -> tuple[Sign, ...]:
        return self.files.get(path, ())

    def since(self, begun: Known) -> Known:
        """What is known of a host that began with `begun`: all that was known before is about another one."""
        return self if self.began == begun.began else begun

    def expecting(self, coming: Mapping[str, Sign]) -> Known:
        """The same while those are brought."""
        more = {path: (*(one for one in self.of(path) if one != sign), sign) for path, sign in coming.items()}
        return replace(self, files={**self.files, **more})

    def having(self, come: Mapping[str, Sign]) -> Known:
        """The same once those have come."""
        return replace(self, files={**self.files, **{path: (sign,) for path, sign in come.items()}})


NOTHING = Known()


def load(path: Path) -> Known:
    """What the record at `path` remembers; nothing where it is missing or damaged: then nothing is replaced."""
    try:
        return parse(path.read_bytes())
    except OSError:
        return NOTHING


def save(path: Path, known: Known) -> None:
    """Write the record.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # ASCII with escapes: a name that is not UTF-8 can be written so, and read back as it was.
    text = json.dumps({"schema": SCHEMA, "began": known.began, "files": known.files}, separators=(",", ":"))
    write_atomic(path, text.encode() + b"\n")


def parse(data: bytes) -> Known:
    """A record as this module, or the agent, writes it; what makes no sense in it is left out."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return NOTHING
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        return NOTHING
    began, files = document.get("began"), document.get("files")
    if not isinstance(began, str) or not isinstance(files, Mapping):
        return NOTHING
    return Known(began, {path: _signs(value) for path, value in files.items()})


def _signs(value: object) -> tuple[Sign, ...]:
    found = (_sign(one) for one in value) if isinstance(value, list) else ()
    return tuple(one for one in found if one is not None)


def _sign(value: object) -> Sign | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and len(value) == 2 and all(type(number) is int for number in value):
        return (value[0], value[1]) if value[0] >= 0 else None
    return None
