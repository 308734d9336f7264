"""The JSON schema of cynthus.yaml, for editors and for docs/reference/spec.md."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Meta

from cynthus.core.section import Rule, Section, default_of, keys_of
from cynthus.core.spec import AppSpec

if TYPE_CHECKING:
    from msgspec.structs import FieldInfo

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", types.NoneType: "null"}


def spec_schema() -> dict[str, Any]:
    """All keys of cynthus.yaml, each section once under `$defs`."""
    definitions: dict[str, Any] = {}
    whole = section_schema(AppSpec, definitions)
    # The folder has a name, so the file need not say one.
    del whole["required"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": dict(sorted(definitions.items())),
        **whole,
        "title": "cynthus.yaml",
    }


def written(value: object) -> Any:
    """A value of a spec as one would write it in cynthus.yaml."""
    if isinstance(value, Section):
        return {key: written(getattr(value, field.name)) for key, field in keys_of(type(value)).items()}
    if isinstance(value, tuple):
        return [written(each) for each in value]
    return value if value is None or isinstance(value, str | int | dict) else str(value)


def section_schema(section: type[Section], definitions: dict[str, Any] | None = None) -> dict[str, Any]:
    """One section alone. What it refers to is put into `definitions`."""
    definitions = {} if definitions is None else definitions
    keys = keys_of(section)
    required = [key for key, field in keys.items() if field.required]
    return {
        "additionalProperties": False,
        "description": " ".join(str(section.__doc__).split()),
        "properties": {key: _property(field, definitions) for key, field in keys.items()},
        **({"required": required} if required else {}),
        "title": section.__name__,
        "type": "object",
    }


def _property(field: FieldInfo, definitions: dict[str, Any]) -> dict[str, Any]:
    default = {} if field.required else {"default": written(default_of(field))}
    return {**_schema(field.type, definitions), **default}


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(kind)
    if origin is Annotated:
        return _annotated(kind, definitions)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(each, definitions) for each in get_args(kind)]}
    if origin is Literal:
        return {"enum": list(get_args(kind)), "type": "string"}
    if origin is tuple:
        return {"items": _schema(get_args(kind)[0], definitions), "type": "array"}
    if origin is dict:
        return _mapping(*(_schema(each, definitions) for each in get_args(kind)))
    if issubclass(kind, Section):
        return _reference(kind, definitions)
    return {"type": _PLAIN[kind]}


def _annotated(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    inner, *notes = get_args(kind)
    rules = [each for each in notes if isinstance(each, Rule)]
    schema = next((dict(each.schema) for each in rules if each.schema is not None), None)
    if schema is None:
        written = [each.written for each in rules if each.written is not None]
        schema = _schema(written[0] if written else inner, definitions)
    described = [{"description": each.description} for each in notes if isinstance(each, Meta)]
    return {**schema, **(described[0] if described else {})}


def _mapping(names: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    named = {"propertyNames": {"pattern": names["pattern"]}} if "pattern" in names else {}
    return {"additionalProperties": values, **named, "type": "object"}


def _reference(section: type[Section], definitions: dict[str, Any]) -> dict[str, Any]:
    if section.__name__ not in definitions:
        definitions[section.__name__] = section_schema(section, definitions)
    reference = {"$ref": f"#/$defs/{section.__name__}"}
    if not section.short:
        return reference
    short = _schema(keys_of(section)[section.short].type, definitions)
    return {"anyOf": [*(short["anyOf"] if "anyOf" in short else [{"type": short["type"]}]), reference]}
