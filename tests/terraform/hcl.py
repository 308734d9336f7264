"""Reads as much of HCL as tests need: which blocks and arguments a file has. Values are skipped, and what it does not
know is an error, so that nothing is passed over in silence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LABEL = re.compile(r'[ \t]*(?:"([^"$%\\]*)"|([A-Za-z_][A-Za-z0-9_-]*))')
_HEREDOC = re.compile(r"<<-?(\w+)\n.*?\n[ \t]*\1(?=\n)", re.DOTALL)
_PAIRS = {"{": "}", "[": "]", "(": ")"}


@dataclass
class Block:
    """`kind "label" "label" { ... }`: the text of each argument by its name, and the blocks inside."""

    kind: str
    labels: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def each(self, kind: str) -> Iterator[Block]:
        """The blocks inside of one kind."""
        return (block for block in self.blocks if block.kind == kind)


def parse(text: str) -> Block:
    """A file, as a block without a name.

    Raises:
        ValueError: it holds something that this does not know.
    """
    found = Block("")
    end = _body(text, 0, found)
    if end != len(text):
        raise ValueError(f"what is this? {text[end : end + 40]!r}")
    return found


def _body(text: str, at: int, into: Block) -> int:
    """Read arguments and blocks up to a closing brace, or the end; gives where that is."""
    while True:
        at = _space(text, at)
        name = _NAME.match(text, at)
        if name is None:
            return at
        at = name.end()
        equals = re.compile(r"[ \t]*=(?![=>])").match(text, at)
        if equals:
            end = _value(text, equals.end())
            into.arguments[name[0]] = text[equals.end() : end].strip()
            at = end
        else:
            at = _block(text, at, name[0], into)


def _block(text: str, at: int, kind: str, into: Block) -> int:
    labels = []
    while label := _LABEL.match(text, at):
        labels.append(label[1] if label[1] is not None else label[2])
        at = label.end()
    at = _space(text, at)
    if text[at : at + 1] != "{":
        raise ValueError(f"neither an argument nor a block: {kind} {text[at : at + 40]!r}")
    block = Block(kind, tuple(labels))
    at = _body(text, at + 1, block)
    if text[at : at + 1] != "}":
        raise ValueError(f"{kind} is not closed before {text[at : at + 40]!r}")
    into.blocks.append(block)
    return at + 1


def _value(text: str, at: int) -> int:
    """Where a value ends: at the end of its line, unless a bracket is open."""
    open_brackets: list[str] = []
    while at < len(text):
        sign = text[at]
        if sign == '"':
            at = _string(text, at + 1)
            continue
        if (heredoc := _HEREDOC.match(text, at)) or (sign in "#/" and (heredoc := _comment(text, at))):
            at = heredoc.end()
            continue
        if sign in _PAIRS:
            open_brackets.append(_PAIRS[sign])
        elif open_brackets and sign == open_brackets[-1]:
            open_brackets.pop()
        elif not open_brackets and sign in "\n}":
            return at
        at += 1
    return at


def _comment(text: str, at: int) -> re.Match[str] | None:
    found = re.compile(r"#[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL).match(text, at)
    return found or None


def _string(text: str, at: int) -> int:
    """Where a string ends, whose opening quote is just before; strings inside of ${...} belong to it."""
    while text[at] != '"':
        if text[at] == "\\":
            at += 2
        elif text.startswith(("$${", "%%{"), at):
            at += 3
        elif text.startswith(("${", "%{"), at):
            at = _template(text, at + 2)
        else:
            at += 1
    return at + 1


def _template(text: str, at: int) -> int:
    depth = 1
    while depth:
        if text[at] == '"':
            at = _string(text, at + 1)
            continue
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
