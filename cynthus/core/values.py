"""Nodes as the plain values that the spec is made from.

A number stays the text that was written: YAML would make 3.1 of `3.10` and 750 of `12:30`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.misfit import Misfit, quoted
from cynthus.core.nodes import Mapping, Mark, Node, Scalar, Sequence
from cynthus.errors import BadValue, DuplicateKey, WrongType

if TYPE_CHECKING:
    from cynthus.core.report import Report

Value = None | bool | str | list["Value"] | dict[str, "Value"]

_TRUE = ("true", "yes", "on")


def plain(node: Node, report: Report) -> Value:
    """The value of a node; what cannot be one is reported and left out."""
    if isinstance(node, Scalar):
        return _scalar(node, report)
    if isinstance(node, Sequence):
        return [plain(item, report) for item in node.items]
    return _mapping(node, report)


def _scalar(node: Scalar, report: Report) -> Value:
    if node.kind == "null":
        return None
    if node.kind == "bool":
        return node.text.lower() in _TRUE
    _check(node, report)
    return node.text


def _check(node: Scalar, report: Report) -> None:
    if node.kind == "not finite":
        hint = f'if the app wants this text, put it in quotes: "{node.text}"'
        report.add(node.mark, Misfit(f"{node.text} is no finite number", hint=hint))
    elif any(character == "\0" or "\ud800" <= character <= "\udfff" for character in node.text):
        # Escapes in quotes can write what no text holds.
        hint = "delete the escape that writes it"
        report.add(node.mark, Misfit("the value holds a character that no program takes", hint=hint, kind=BadValue))


def _mapping(node: Mapping, report: Report) -> dict[str, Value]:
    values: dict[str, Value] = {}
    first: dict[str, Mark] = {}
    for key, value in node.entries:
        # YAML 1.1 reads the keys `on` and `no` as true and false; nobody who writes them means that.
        if not isinstance(key, Scalar) or key.kind not in ("text", "bool"):
            shown = quoted(key.text) if isinstance(key, Scalar) else "this"
            hint = "write a name, or put it in quotes"
            report.add(key.mark, Misfit(f"{shown} is no text, so it cannot be a key", hint=hint, kind=WrongType))
            continue
        _check(key, report)
        if key.text in first:
            message = f"the key {quoted(key.text)} stands already in line {first[key.text].line}"
            report.add(key.mark, Misfit(message, hint="delete one of them", kind=DuplicateKey))
            continue
        first[key.text] = key.mark
        values[key.text] = plain(value, report)
    return values
