"""Reads a YAML text into nodes. Nothing is constructed, and no text can make it slow or exhaust the stack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from cynthus.core.misfit import Misfit, quoted
from cynthus.core.nodes import Kind, Mapping, Mark, Node, Scalar, Sequence
from cynthus.core.report import end_of
from cynthus.errors import NotYaml, SpecTooLarge

if TYPE_CHECKING:
    from cynthus.core.report import Report

MOST_VALUES = 10_000
"""With every alias followed: a few lines of nested aliases stand for billions of values."""

DEEPEST = 32

_STANDARD = "tag:yaml.org,2002:"
_KINDS: dict[str, Kind] = {"null": "null", "bool": "bool", "int": "number", "float": "number"}
_PLAIN_TAGS = (None, "!", _STANDARD + "str", _STANDARD + "seq", _STANDARD + "map")


class Unreadable(Exception):
    """The text cannot be read any further; why stands in the report."""


class Composer:
    """Builds the tree from the parser's events.

    PyYAML's own composer calls itself for each level, so that nested brackets end in a RecursionError.
    """

    def __init__(self, text: str, report: Report) -> None:
        self._text = text
        self._report = report
        self._mark = Mark()
        self._open: list[Sequence | Mapping] = []
        self._keys: list[Node | None] = []
        self._named: list[str | None] = []
        self._anchors: dict[str, Node] = {}
        self._root: Node | None = None
        self._values = 0

    def compose(self) -> Node | None:
        """The root; None where the text holds nothing.

        Raises:
            Unreadable: it is not YAML, or too much of it.
        """
        try:
            loader = yaml.SafeLoader(self._text)
        except yaml.reader.ReaderError as error:
            raise self._refuse_character(error) from None
        try:
            while loader.check_event():
                self._take(loader, loader.get_event())  # type: ignore[no-untyped-call]  # the stubs lack its type
        except yaml.MarkedYAMLError as error:
            raise self._refuse_syntax(error) from None
        except (ValueError, OverflowError):
            # The scanner turns escapes such as "\UFFFFFFFF" into characters without a look.
            self._mark = Mark(loader.line + 1, loader.column + 1)
            raise self._refuse("a character or number here does not exist", "write it in another way") from None
        finally:
            loader.dispose()
        return self._root

    def _take(self, loader: yaml.SafeLoader, event: yaml.Event) -> None:
        if event.start_mark is not None:
            self._mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self._start()
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._alias(str(event.anchor)))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self._node(loader, event)

    def _start(self) -> None:
        if self._root is not None:
            raise self._refuse("the file holds a second document", "keep one, and delete this `---`")

    def _node(self, loader: yaml.SafeLoader, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        self._count()
        if event.tag not in _PLAIN_TAGS:
            raise self._refuse(
                f"the tag {quoted(str(event.tag))} is not read", "delete the tag and write a plain value"
            )
        if isinstance(event, yaml.ScalarEvent):
            tag = event.tag or loader.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]  # as above
            node = Scalar(self._mark, _joined(event.value), _kind(tag, event.value))
            self._name(event.anchor, node)
            self._add(node)
        else:
            self._enter(Sequence(self._mark) if isinstance(event, yaml.SequenceStartEvent) else Mapping(self._mark))
            self._named.append(event.anchor)

    def _count(self) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            raise self._refuse_size(f"the file has more than {MOST_VALUES:,} values")

    def _enter(self, node: Sequence | Mapping) -> None:
        if len(self._open) >= DEEPEST:
            raise self._refuse_size(f"the file has more than {DEEPEST} levels")
        self._open.append(node)
        self._keys.append(None)

    def _close(self) -> None:
        node = self._open.pop()
        self._keys.pop()
        self._name(self._named.pop(), node)
        self._add(node)

    def _name(self, anchor: str | None, node: Node) -> None:
        # An anchor counts only from its end on: a list that holds itself has no end.
        if anchor is not None:
            self._anchors[anchor] = node

    def _alias(self, anchor: str) -> Node:
        if anchor not in self._anchors:
            raise self._refuse(
                f"`*{anchor}` names nothing that stands above it", f"write `&{anchor}` at the value first"
            )
        return self._anchors[anchor]

    def _add(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        parent.weight += node.weight
        parent.height = max(parent.height, node.height + 1)
        if parent.weight > MOST_VALUES:
            raise self._refuse_size(f"the file has more than {MOST_VALUES:,} values once its aliases are followed")
        if parent.height > DEEPEST:
            raise self._refuse_size(f"the file has more than {DEEPEST} levels once its aliases are followed")
        self._attach(parent, node)

    def _attach(self, parent: Sequence | Mapping, node: Node) -> None:
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key = self._keys[-1]
        self._keys[-1] = node if key is None else None
        if key is not None:
            parent.entries.append((key, node))

    def _refuse(self, message: str, hint: str) -> Unreadable:
        self._report.add(self._mark, Misfit(message, hint=hint, kind=NotYaml))
        return Unreadable()

    def _refuse_size(self, message: str) -> Unreadable:
        hint = "describe the app only; data belongs in a file that `data:` names"
        self._report.add(self._mark, Misfit(message, hint=hint, kind=SpecTooLarge))
        return Unreadable()

    def _refuse_character(self, error: yaml.reader.ReaderError) -> Unreadable:
        self._mark = end_of(self._text[: error.position])
        return self._refuse("a character here cannot stand in a text", "delete it; in quotes, write it as an escape")

    def _refuse_syntax(self, error: yaml.MarkedYAMLError) -> Unreadable:
        problem = (error.problem or error.context or "it cannot be read")[:200]
        place = error.problem_mark or error.context_mark
        if _unclosed(problem):
            place = error.context_mark or place
        if place is not None:
            self._mark = Mark(place.line + 1, place.column + 1)
            if place.index < len(self._text) and self._text[place.index] == "\t":
                return self._refuse("a tab stands where YAML wants spaces", "indent with spaces")
        return self._refuse(f"this is not YAML: {problem}", _advice(problem))


def _unclosed(problem: str) -> bool:
    return "end of stream" in problem or "<stream end>" in problem


def _advice(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return 'a value that holds `: ` needs quotes, e.g. key: "a: b"; else look at the indentation'
    if _unclosed(problem):
        return "close the quote or bracket that is open"
    return "look for a missing quote, bracket or colon, here or on the line above"


def _kind(tag: str, text: str) -> Kind:
    kind = _KINDS.get(tag.removeprefix(_STANDARD), "text")
    if kind != "number":
        return kind
    return "not finite" if text.lower().lstrip("+-").startswith((".inf", ".nan")) else "number"


def _joined(text: str) -> str:
    """JSON writes an emoji as two escapes, and a YAML reader takes each for a character of its own."""
    return re.sub("[\ud800-\udbff][\udc00-\udfff]", lambda pair: _whole(pair[0]), text)


def _whole(pair: str) -> str:
    return pair.encode("utf-16", "surrogatepass").decode("utf-16")
