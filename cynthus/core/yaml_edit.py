"""Adds an item to a list of cynthus.yaml. Everything else stays as it was written, comments too."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import yaml

from cynthus.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z0-9./][A-Za-z0-9./_:@%*=~+-]*[A-Za-z0-9/*_-]|[A-Za-z0-9]")


def with_item(text: str, key: str, item: Mapping[str, str]) -> str:
    """The text with one more item at the end of the list under a key, which may be missing.

    Raises:
        UsageError: what stands there is no list that can be added to.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    written, end = _written(item), _line_end(text)
    if root is None:
        return f"{_ended(text)}{key}:{end}  - {written}{end}"
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise _refusal(key, written)
    node = next((value for name, value in root.value if name.value == key), None)
    if node is None:
        return f"{_ended(text)}{key}:{end}  - {written}{end}"
    if not isinstance(node, yaml.SequenceNode):
        raise _refusal(key, written)
    return _in_flow(text, node, written) if node.flow_style else _in_block(text, node, written)


def with_address(text: str, key: str, address: str) -> str:
    """The text with another address in the only item of the list under a key; what else the item says stays.

    Raises:
        UsageError: what stands there is no list of one item that has an address.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = [value for name, value in root.value if name.value == key] if isinstance(root, yaml.MappingNode) else []
    item = found[0].value[0] if found and isinstance(found[0], yaml.SequenceNode) and len(found[0].value) == 1 else None
    if isinstance(item, yaml.MappingNode):
        item = next((value for name, value in item.value if name.value == "from"), None)
    if not isinstance(item, yaml.ScalarNode) or item.style in ("|", ">"):
        raise _refusal(key, _scalar(address))
    return f"{text[: item.start_mark.index]}{_scalar(address)}{text[item.end_mark.index :]}"


def _in_flow(text: str, node: yaml.SequenceNode, written: str) -> str:
    # A comma that stands at the end already is one too many.
    end = (_last(node).end_mark if node.value else node.start_mark).index
    inner = end if node.value else end + 1
    return f"{text[:inner]}{', ' if node.value else ''}{written}{text[inner:]}"


def _in_block(text: str, node: yaml.SequenceNode, written: str) -> str:
    end = text.find("\n", _last(node).end_mark.index)
    line = f"{' ' * node.start_mark.column}- {written}{_line_end(text)}"
    return f"{text}{_line_end(text)}{line}" if end < 0 else f"{text[: end + 1]}{line}{text[end + 1 :]}"


def _last(node: yaml.Node) -> yaml.Node:
    """The last that is written of a list's last item: of a block nobody says where it ends but at the next token."""
    last = node.value[-1]
    while isinstance(last, yaml.CollectionNode) and not last.flow_style and last.value:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    return last  # type: ignore[no-any-return]  # the stubs do not say what a node holds


def _written(item: Mapping[str, str]) -> str:
    if set(item) == {"from"}:
        return _scalar(item["from"])
    return "{" + ", ".join(f"{key}: {_scalar(value)}" for key, value in item.items()) + "}"


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) is not None and yaml.safe_load(text) == text
    return text if plain else json.dumps(text)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}{_line_end(text)}"


def _line_end(text: str) -> str:
    """How its lines end."""
    return "\r\n" if "\r\n" in text else "\n"


def _refusal(key: str, written: str) -> UsageError:
    return UsageError(f"`{key}:` cannot be added to as it is written", hint=f"add it by hand: {written}")
