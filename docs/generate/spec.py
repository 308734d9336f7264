"""docs/reference/spec.md and the JSON schema of cynthus.yaml, from the spec itself."""

from __future__ import annotations

import json
from typing import Any

from cynthus.core.schema import spec_schema
from docs.generate.markdown import table

HEAD = """\
# cynthus.yaml

The file is optional, and so is every key in it: `cynthus up` in a folder with a `main.py` works without. A key that
this version does not know is an error that says where it stands. `cynthus init NAME` writes a file with all keys
commented.

For completion and checks in an editor, name the [JSON schema](schema/cynthus.yaml.json) in the file's first line:

    # yaml-language-server: $schema=<path or address of cynthus.yaml.json>

"""

EXAMPLE = """
## An example

```yaml
name: weather
run: [python, main.py, --epochs, "3"]
data:
  - {from: ../stations, as: stations}
  - {from: /srv/measurements, as: measurements}
resources: {cpus: 4+, memory: 8GB+}
limits: {max_duration: 4h}
env: {OMP_NUM_THREADS: "4"}
secrets: [HF_TOKEN]
```
"""


def schema() -> dict[str, Any]:
    """The JSON schema that editors use."""
    return spec_schema()


def page() -> str:
    """All keys, one section a mapping."""
    whole = spec_schema()
    sections = [f"## `{key}:`\n\n{_section(whole, part)}" for key, part in _nested(whole)]
    return HEAD + "\n".join([_keys(whole, whole["properties"]), *sections]) + EXAMPLE


def _nested(whole: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The keys whose value is a mapping with keys of its own, or a list of those."""
    found = []
    for key, part in whole["properties"].items():
        name = next((word for word in whole["$defs"] if f'/{word}"' in json.dumps(part)), None)
        if name:
            found.append((key, whole["$defs"][name]))
    return found


def _section(whole: dict[str, Any], part: dict[str, Any]) -> str:
    return f"{part.get('description', '')}\n\n{_keys(whole, part['properties'])}"


def _keys(whole: dict[str, Any], properties: dict[str, Any]) -> str:
    rows = [
        (f"`{key}`", _kind(whole, part), _default(part), _description(whole, part)) for key, part in properties.items()
    ]
    return table(("key", "value", "default", "meaning"), rows)


def _description(whole: dict[str, Any], part: dict[str, Any]) -> str:
    own = part.get("description") or _definition(whole, part).get("description", "")
    return " ".join(str(own).split())


def _definition(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    named = str(part.get("$ref", "")).rpartition("/")[2]
    found: dict[str, Any] = whole["$defs"].get(named, {})
    return found


def _kind(whole: dict[str, Any], part: dict[str, Any]) -> str:
    """The shape of a value, in a word or two."""
    if "enum" in part:
        return " or ".join(f"`{word}`" for word in part["enum"])
    if examples := part.get("examples"):
        return f"such as {', '.join(f'`{each}`' for each in examples)}"
    if "anyOf" in part:
        kinds = dict.fromkeys(_kind(whole, each) for each in part["anyOf"] if each.get("type") != "null")
        first = next(iter(kinds))
        return " or ".join("a list of those" if kind == f"a list: {first}" else kind for kind in kinds)
    if "$ref" in part:
        return "a mapping, see below"
    return _plain_kind(whole, part)


def _plain_kind(whole: dict[str, Any], part: dict[str, Any]) -> str:
    kind = part.get("type", "string")
    if kind == "array":
        return f"a list: {_kind(whole, part.get('items', {}))}"
    if kind == "object":
        return "a mapping of names to texts"
    words = {"string": "text", "integer": "number", "number": "number", "boolean": "true or false"}
    kinds = [kind] if isinstance(kind, str) else kind
    return " or ".join(dict.fromkeys(words[each] for each in kinds))


def _default(part: dict[str, Any]) -> str:
    value = part.get("default")
    if value in (None, [], {}) or isinstance(value, dict):
        return ""
    return f"`{json.dumps(value) if isinstance(value, list) else value}`"
