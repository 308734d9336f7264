"""A frozen value as a JSON file: written whole or not at all, and checked field by field when it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin

from msgspec import Struct, to_builtins
from msgspec.structs import FieldInfo, fields

from cynthus.errors import StateCorrupt, StateTooNew
from cynthus.files import read_json, write_atomic
from cynthus.writing import reading, writing

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
"""The version of all records. A record of a higher one is not read; one of a lower one will be."""

Value = TypeVar("Value", bound=Struct)


def save(path: Path, value: Struct) -> None:
    """Write `value` to `path`, whose folder is there, so that it survives a power cut.

    Raises:
        FolderNotWritable, DiskFull: it cannot be written; what was there before still is.
    """
    # ASCII with escapes: a path that is not UTF-8 can be written so, and read back as it was.
    text = json.dumps({"schema": SCHEMA, **to_builtins(value)}, indent=2) + "\n"
    with writing(path):
        write_atomic(path, text.encode())


def load(path: Path, kind: type[Value]) -> Value | None:
    """The value in `path`, or None where there is no such file.

    Raises:
        StateCorrupt: the file does not hold such a value, or cannot be read.
        StateTooNew: a newer Cynthus wrote it.
    """
    try:
        with reading(path):
            document = read_json(path)
        return None if document is None else _checked(path, kind, document)
    except (ValueError, RecursionError) as error:
        hint = "restore it from a backup, or move it away"
        raise StateCorrupt(f"cannot read {path}: {error}", hint=hint) from error


def _checked(path: Path, kind: type[Value], document: Mapping[str, object]) -> Value:
    schema = document.get("schema")
    if type(schema) is not int or schema < 1:
        raise ValueError(f"schema: {schema!r} is no version")
    if schema > SCHEMA:
        raise StateTooNew(
            f"{path} was written by a newer Cynthus (schema {schema}; this one reads {SCHEMA})",
            hint="upgrade: `pip install -U cynthus`",
        )
    return restore(kind, document)


def restore(kind: type[Value], document: object) -> Value:
    """The frozen struct that `document` (parsed JSON) describes. Keys that it does not know are left out.

    Raises:
        ValueError: a field is missing or has another type; the text names it.
    """
    value: Value = _struct(kind, document, "")
    return value


def _struct(kind: Any, document: object, where: str) -> Any:
    if not isinstance(document, Mapping):
        raise ValueError(f"{where or 'it'} is not an object")
    values = {}
    for field in _fields(kind):
        place = f"{where}.{field.name}".lstrip(".")
        if field.name in document:
            values[field.name] = _value(field.type, document[field.name], place)
        elif field.required:
            raise ValueError(f"{place} is missing")
    return kind(**values)


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        if value is None and NoneType in arguments:
            return None
        return _value(next(one for one in arguments if one is not NoneType), value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], one, f"{where}[{index}]") for index, one in enumerate(value))
    if isinstance(hint, type) and issubclass(hint, Struct):
        return _struct(hint, value, where)
    if _fits(hint, value):
        return hint(value) if isinstance(hint, type) and issubclass(hint, StrEnum) else value
    raise ValueError(f"{where} has a value that does not fit")


def _fits(hint: Any, value: object) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return value in list(hint)
    return type(value) is hint


@cache
def _fields(kind: type[Struct]) -> tuple[FieldInfo, ...]:
    # Asked for anew, they are evaluated anew: of a hundred records that takes longer than to read them.
    return fields(kind)
