"""What a body may hold. Google refuses fields that it does not know, and so does the simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cynthus.testing.gcp.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.testing.gcp.store import Document

TEXT = "text"
NUMBER = "number"
FLAG = "flag"
TEXTS = "texts"
ANY = "any"
MAP = "map"
"""Texts by names that the user gives."""

_KINDS: Mapping[str, tuple[type, ...]] = {TEXT: (str,), NUMBER: (int, str, float), FLAG: (bool,)}


def fields(words: str, kind: str = TEXT, **more: Any) -> dict[str, Any]:
    """A shape of fields that are alike, and others."""
    return dict.fromkeys(words.split(), kind) | more


def cleaned(value: Any) -> Any:
    """A body without its nulls, as Google reads it."""
    if isinstance(value, dict):
        return {key: cleaned(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [cleaned(each) for each in value if each is not None]
    return value


def checked(body: Document, shape: Mapping[str, Any], place: str = "resource") -> Document:
    """The body without nulls, and what Google reads only.

    Raises:
        Refusal: there is a field that the shape lacks, or one of another kind.
    """
    found: Document = cleaned(body)
    for problem in _problems(found, shape, place):
        raise refusal(400, f"Invalid JSON payload received. {problem}")
    return found


def _problems(value: Any, shape: Any, place: str) -> Iterator[str]:
    if isinstance(shape, dict):
        yield from _of_record(value, shape, place)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"Invalid value at '{place}', {value!r}"
            return
        for index, each in enumerate(value):
            yield from _problems(each, shape[0], f"{place}[{index}]")
    elif not _fits(value, shape):
        yield f"Invalid value at '{place}' ({shape}), {value!r}"


def _of_record(value: Any, shape: Mapping[str, Any], place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"Invalid value at '{place}', {value!r}"
        return
    for key, each in value.items():
        if key in shape:
            yield from _problems(each, shape[key], f"{place}.{key}")
        else:
            yield f"Unknown name \"{key}\" at '{place}': Cannot find field."


def _fits(value: Any, kind: str) -> bool:
    if kind == ANY:
        return True
    if kind == MAP:
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if kind == TEXTS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if kind == NUMBER and isinstance(value, str):
        return value.lstrip("-").isdigit()
    return isinstance(value, _KINDS[kind]) and (kind == FLAG or not isinstance(value, bool))
