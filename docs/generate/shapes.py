"""Words for JSON schemas."""

from __future__ import annotations

Shape = dict[str, object]

TEXT: Shape = {"type": "string"}
INTEGER: Shape = {"type": "integer"}
NUMBER: Shape = {"type": "number"}
FLAG: Shape = {"type": "boolean"}


def one_of(*words: str) -> Shape:
    """One of some words."""
    return {"enum": [str(word) for word in words]}


def listed(shape: Shape) -> Shape:
    """A list, every entry of one shape."""
    return {"type": "array", "items": shape}


def strings() -> Shape:
    """A list of texts."""
    return listed(TEXT)


def maybe(shape: Shape) -> Shape:
    """That shape or null."""
    return {"anyOf": [shape, {"type": "null"}]}


def record(**parts: Shape) -> Shape:
    """An object that has all of these parts. A later version may add to them."""
    return {"type": "object", "properties": parts, "required": list(parts)}


def anything(description: str) -> Shape:
    """An object whose parts are not promised."""
    return {"type": "object", "description": description}
