"""What every part of cynthus.yaml is: a frozen mapping of known keys, whose types say how each value is read."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Rule(msgspec.Struct, frozen=True, eq=False):
    """How a value is read, where its type alone does not say it. It stands in the annotation, as in
    `Annotated[str, Rule(after=check)]`.

    `before` makes of what YAML holds what the type wants, `after` makes the value of that. Either raises Misfit.
    """

    before: Callable[[Any], object] | None = None
    after: Callable[[Any], object] | None = None
    schema: Mapping[str, object] | None = None
    """What the JSON schema says in place of what the type says."""
    written: object = None
    """The type as it is written in cynthus.yaml, for the schema, where that is more than the value's own."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen mapping of known keys. A key without a value is as good as left out: it has its default."""

    short: ClassVar[str] = ""
    """The key that is meant where one value stands in place of the mapping."""
    short_kinds: ClassVar[tuple[type, ...]] = (str,)
    """What kinds of value these are."""

    @classmethod
    def check(cls, key: str, value: Any, before: Mapping[str, Any]) -> None:
        """Look at a value beside those of the keys that stand above it in the class.

        Raises:
            Misfit: it does not go with them.
        """


@cache
def keys_of(section: type[Section]) -> dict[str, msgspec.structs.FieldInfo]:
    """The keys of a section as cynthus.yaml spells them, in the order of the class."""
    return {each.encode_name: each for each in msgspec.structs.fields(section)}


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """What a key has that is left out. Only for one that may be."""
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
