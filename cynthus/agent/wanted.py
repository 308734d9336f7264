"""What lies elsewhere and is wanted here: a reference of spec.json with what its place said of it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUM = re.compile(r"[0-9a-f]{64}")
_KINDS = {
    "https": ("file",), "hf": ("dataset", "model"), "kaggle": ("dataset", "competition", "model"),
    "gs": ("objects", "model"),
}  # fmt: skip
_HINT = "spec.json and run.json are written by `cynthus up` and `cynthus render`: make them again"


class Wanted(NamedTuple):
    """`name` is what the place calls it, of a single file its address; `pin` stands for its content ('': nobody knows).
    `files` are patterns, none means all."""

    scheme: str
    kind: str
    name: str
    pin: str
    files: tuple[str, ...]
    sha256: str | None
    unpack: bool
    size: int | None
    text: str
    revision: str | None = None

    @property
    def id(self) -> str:
        """What its folder is called: the same for the same content, whoever asks."""
        parts = [self.scheme, self.kind, self.name, self.sha256 or self.pin, *self.files, str(self.unpack)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def parse(value: object) -> Wanted:
    """What a JSON object asks for.

    Raises:
        Failure: it makes no sense.
    """
    if not isinstance(value, dict):
        raise Failure(f"spec.json: {value!r} is nothing to fetch", hint=_HINT)
    try:
        wanted = Wanted(
            _text(value, "scheme"), _text(value, "kind"), _text(value, "name"), _text(value, "pin"),
            tuple(str(each) for each in value["files"]), value["sha256"], value["unpack"] is True, value["size"],
            _text(value, "text"), value.get("revision"),
        )
    except (KeyError, TypeError):
        raise Failure(f"spec.json: {value!r} is nothing to fetch", hint=_HINT) from None
    _check(wanted)
    return wanted


def _text(value: Mapping[str, object], key: str) -> str:
    found = value[key]
    if not isinstance(found, str):
        raise TypeError(key)
    return found


def _check(wanted: Wanted) -> None:
    fits = wanted.kind in _KINDS.get(wanted.scheme, ())
    if not fits or (wanted.sha256 is not None and _SUM.fullmatch(str(wanted.sha256)) is None):
        raise Failure(f"spec.json: this agent cannot fetch {wanted.text!r}", hint=_HINT)
    if not isinstance(wanted.size, (int, type(None))):
        raise Failure(f"spec.json: {wanted.size!r} is no size", hint=_HINT)
