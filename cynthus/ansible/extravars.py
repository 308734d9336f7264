"""Values on their way into a play. Ansible reads every string of extravars as a Jinja template unless it is marked."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cynthus.errors import AnsibleError

_RESERVED = "__ansible_"


def encode(extravars: Mapping[str, object]) -> str:
    """The JSON from which Ansible takes these very values, byte for byte; nothing in them is evaluated.

    Raises:
        AnsibleError: a mapping has a key that Ansible reads as a mark of its own.
        TypeError: a value that JSON does not know.
    """
    return json.dumps({name: _marked(value) for name, value in extravars.items()})


def _marked(value: object) -> object:
    if isinstance(value, str):
        return {"__ansible_unsafe": value}
    if isinstance(value, Mapping):
        return {_key(key): _marked(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_marked(inner) for inner in value]
    return value


def _key(key: object) -> object:
    if isinstance(key, str) and key.startswith(_RESERVED):
        raise AnsibleError(
            f"the key {key!r} cannot be handed to Ansible: names that begin with {_RESERVED} are its own",
            hint="rename that key",
        )
    return key
