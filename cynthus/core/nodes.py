"""A YAML text as a tree whose every part knows where it stands."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Kind = Literal["text", "null", "bool", "number", "not finite"]


class Mark(Struct, frozen=True):
    """A place in a text. Lines and columns count from 1, columns in characters."""

    line: int = 1
    column: int = 1


class Scalar(Struct):
    """One value. `text` is as it was written, without quotes; `kind` is what YAML 1.1 takes it for."""

    mark: Mark
    text: str
    kind: Kind
    weight: int = 1
    height: int = 1


class Sequence(Struct):
    """A list. `weight` counts all values in it, aliases followed; `height` its levels."""

    mark: Mark
    items: list[Node] = field(default_factory=list)
    weight: int = 1
    height: int = 1


class Mapping(Struct):
    """Keys and values in the order of the text, doubled keys included."""

    mark: Mark
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    weight: int = 1
    height: int = 1

    def find(self, key: str) -> tuple[Node, Node] | None:
        """The first entry of that key."""
        for name, value in self.entries:
            if isinstance(name, Scalar) and name.text == key:
                return name, value
        return None


Node = Scalar | Sequence | Mapping
Path = tuple[str | int, ...]


def locate(root: Node, path: Path, *, key: bool = False) -> tuple[Mark, Node]:
    """Where `path` leads to: the deepest part of it that the text has. `key` asks for a key's own place."""
    mark, node = root.mark, root
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str):
            found = node.find(step)
            if found is None:
                break
            mark, node = (found[0].mark if key else found[1].mark), found[1]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            mark = node.mark
        else:
            break
    return mark, node
