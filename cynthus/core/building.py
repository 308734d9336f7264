"""From plain values to the sections of a spec. Everything that is wrong is found, not only the first."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from cynthus.core.misfit import Misfit
from cynthus.core.section import Rule, Section, default_of, keys_of

if TYPE_CHECKING:
    from cynthus.core.nodes import Path

S = TypeVar("S", bound=Section)

Kind = Literal["misfit", "unknown", "missing", "choice", "text", "list", "mapping", "section", "bool", "other"]
_WRONG = object()


class Flaw(NamedTuple):
    """What does not fit, by the path of keys and positions to it.

    `kind` says what was expected there; a `misfit` says so by itself. `section` is where the path leads into, for a key
    that is not known.
    """

    path: Path
    kind: Kind
    value: object = None
    misfit: Misfit | None = None
    on_key: bool = False
    choices: tuple[str, ...] = ()
    section: type[Section] | None = None


def build(section: type[S], value: object) -> tuple[S | None, list[Flaw]]:
    """The section that the value describes, as cynthus.yaml spells it, or all that is wrong with it."""
    builder = _Builder()
    made = builder.section(section, value, ())
    return (None if builder.flaws else made), builder.flaws


class _Builder:
    def __init__(self) -> None:
        self.flaws: list[Flaw] = []

    def section(self, section: type[S], value: Any, path: Path) -> S | Any:
        if section.short and isinstance(value, section.short_kinds):
            value = {section.short: value}
        if isinstance(value, section):
            return value
        if not isinstance(value, dict):
            return self._wrong(path, "section", value)
        found = len(self.flaws)
        made: dict[str, Any] = {}
        for key, field in keys_of(section).items():
            if value.get(key) is not None:
                made[field.name] = self._checked(section, field.name, field.type, value[key], made, (*path, key))
            elif field.required:
                self._wrong((*path, key), "missing", None)
            else:
                made[field.name] = default_of(field)
            if made.get(field.name) is _WRONG:
                del made[field.name]
        for key in value:
            if key not in keys_of(section):
                self.flaws.append(Flaw((*path, key), "unknown", on_key=True, section=section))
        return _WRONG if len(self.flaws) > found else section(**made)

    def _checked(
        self, section: type[Section], name: str, kind: Any, value: Any, made: dict[str, Any], path: Path
    ) -> Any:
        read = self._value(kind, value, path)
        if read is _WRONG:
            return _WRONG
        try:
            section.check(name, read, made)
        except Misfit as misfit:
            return self._misfit(path, misfit)
        return read

    def _value(self, kind: Any, value: Any, path: Path, *, on_key: bool = False) -> Any:
        """The value as that type holds it, or _WRONG where that is on the list of flaws now."""
        origin = get_origin(kind)
        if origin is Annotated:
            return self._annotated(kind, value, path, on_key=on_key)
        if origin in (Union, types.UnionType):
            return self._value(next(each for each in get_args(kind) if each is not types.NoneType), value, path)
        if origin is Literal:
            return value if value in get_args(kind) else self._no_choice(get_args(kind), value, path)
        if origin is tuple:
            return self._tuple(get_args(kind)[0], value, path)
        if origin is dict:
            of_keys, of_values = get_args(kind)
            return self._dict(of_keys, of_values, value, path)
        if issubclass(kind, Section):
            return self.section(kind, value, path)
        if isinstance(value, kind) and isinstance(value, bool) == (kind is bool):
            return value
        wanted: Kind = "text" if kind is str else "bool" if kind is bool else "other"
        return self._wrong(path, wanted, value, on_key=on_key)

    def _annotated(self, kind: Any, value: Any, path: Path, *, on_key: bool) -> Any:
        inner, *notes = get_args(kind)
        rules = [each for each in notes if isinstance(each, Rule)]
        try:
            for rule in rules:
                value = rule.before(value) if rule.before else value
            read = self._value(inner, value, path, on_key=on_key)
            for rule in rules:
                read = rule.after(read) if rule.after and read is not _WRONG else read
        except Misfit as misfit:
            return self._misfit(path, misfit, on_key=on_key)
        return read

    def _tuple(self, kind: Any, value: Any, path: Path) -> Any:
        if not isinstance(value, list | tuple):
            return self._wrong(path, "list", value)
        read = [self._value(kind, each, (*path, index)) for index, each in enumerate(value)]
        return _WRONG if _WRONG in read else tuple(read)

    def _dict(self, of_keys: Any, of_values: Any, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            return self._wrong(path, "mapping", value)
        read = {}
        for key, each in value.items():
            here = (*path, key)
            read[self._value(of_keys, key, here, on_key=True)] = self._value(of_values, each, here)
        return _WRONG if _WRONG in read or _WRONG in read.values() else read

    def _wrong(self, path: Path, kind: Kind, value: object, *, on_key: bool = False) -> Any:
        self.flaws.append(Flaw(path, kind, value, on_key=on_key))
        return _WRONG

    def _misfit(self, path: Path, misfit: Misfit, *, on_key: bool = False) -> Any:
        self.flaws.append(Flaw(path, "misfit", misfit=misfit, on_key=on_key))
        return _WRONG

    def _no_choice(self, choices: tuple[str, ...], value: object, path: Path) -> Any:
        self.flaws.append(Flaw(path, "choice", value, choices=choices))
        return _WRONG
