"""JSON files: how we write them, and how two changes of one are brought together key by key."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SURROGATE = re.compile("[\ud800-\udfff]")

_ABSENT: Final = object()


class _Contradiction(Exception):
    """Both sides changed one key, each in its own way."""


def document(values: Mapping[str, object]) -> bytes:
    """`values` as JSON for people to read, in the order in which they come.

    A path that is no UTF-8 reaches us with lone surrogates in it; JSON can carry these as escapes only.
    """
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()


def read_document(content: bytes) -> dict[str, Any]:
    """The object that a JSON file holds.

    Raises:
        ValueError: it holds something else, or a key twice (merging would lose one of them).
    """
    value = json.loads(content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def merge_documents(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The user's values with our changes, or None where both changed one key, or a file is not JSON."""
    try:
        new, user = read_document(ours), read_document(theirs)
        merged = _merge(read_document(base), new, user)
        if _same(merged, user):
            return theirs
        return ours if _same(merged, new) else document(merged)
    except (ValueError, RecursionError, _Contradiction):
        return None


def _merge(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Our order of the keys, then what only the user has."""
    merged = {}
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        value = _value(*(each.get(key, _ABSENT) for each in (base, ours, theirs)))
        if value is not _ABSENT:
            merged[key] = value
    return merged


def _value(base: Any, ours: Any, theirs: Any) -> Any:
    if _same(ours, theirs) or _same(base, theirs):
        return ours
    if _same(base, ours):
        return theirs
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _merge(base if isinstance(base, dict) else {}, ours, theirs)
    raise _Contradiction


def _same(one: Any, other: Any) -> bool:
    """Equality as JSON sees it: true is not 1, and the order of keys means nothing."""
    if one is _ABSENT or other is _ABSENT:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
