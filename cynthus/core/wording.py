"""What pydantic found wrong, in the words of cynthus.yaml and at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cynthus.core.fields import described
from cynthus.core.misfit import Misfit, flow, quoted
from cynthus.core.nodes import Mark, Node, Path, Scalar, locate
from cynthus.core.ports import ServedPort
from cynthus.core.spec import AppSpec, DataEntry, Image, Limits, Resources, Section
from cynthus.core.ssh import Ssh, SshHost
from cynthus.core.suggest import did_you_mean
from cynthus.errors import BadValue, UnknownKey, WrongType

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SECTIONS: dict[str, type[Section]] = {
    "image": Image,
    "resources": Resources,
    "limits": Limits,
    "data": DataEntry,
    "ports": ServedPort,
    "ssh": Ssh,
    "ssh.hosts": SshHost,
}

_ON_THE_KEY = "[key]"
"""How pydantic ends the path to a key that is wrong itself."""

_WANTED = {
    "string_type": "a text",
    "tuple_type": "a list, e.g. [one, two]",
    "dict_type": "keys with values, e.g. {KEY: value}",
    "model_type": "keys with values",
}


def worded(error: ErrorDetails, root: Node) -> list[tuple[Mark, Misfit]]:
    """Where the problem is, or those of one value are, and what to say about each."""
    path: Path = tuple(error["loc"])
    key = path[-1:] == (_ON_THE_KEY,)
    above = path[:-1] if key else path
    first = _misfit(error, path, root)
    of_key = key or error["type"] == "extra_forbidden"
    return [(locate(root, above + misfit.at, key=of_key)[0], misfit) for misfit in (first, *first.others)]


def _misfit(error: ErrorDetails, path: Path, root: Node) -> Misfit:
    kind = error["type"]
    found = error.get("ctx", {}).get("error")
    if isinstance(found, Misfit):
        return found
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return Misfit(f"the key `{path[-1]}` is missing", hint=f"write {path[-1]}: and a value", kind=WrongType)
    if kind == "literal_error":
        return _no_choice(error, path)
    return _wrong_type(kind, error["input"], path, root)


def known_keys(section: type[Section]) -> list[str]:
    """The keys of a section as cynthus.yaml spells them."""
    return [str(field.validation_alias or name) for name, field in section.model_fields.items()]


def _unknown_key(path: Path) -> Misfit:
    word = str(path[-1])
    section = SECTIONS.get(".".join(step for step in path[:-1] if isinstance(step, str)), AppSpec)
    known = known_keys(section)
    hint = did_you_mean(word, known) or _elsewhere(word) or f"the keys here are: {', '.join(known)}"
    return Misfit(f"there is no key {quoted(word)} here", hint=hint, kind=UnknownKey)


def _elsewhere(word: str) -> str:
    for name, section in SECTIONS.items():
        if word in known_keys(section):
            return f"`{word}` stands below `{name}:`"
    return f"`{word}` stands on the first level" if word in known_keys(AppSpec) else ""


def _no_choice(error: ErrorDetails, path: Path) -> Misfit:
    choices = str(error.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    word = error["input"]
    shown = quoted(word) if isinstance(word, str) else described(word)
    hint = (did_you_mean(word, choices) if isinstance(word, str) else "") or f"choose one of: {', '.join(choices)}"
    return Misfit(f"`{path[-1]}` cannot be {shown}", hint=hint, kind=BadValue)


def _wrong_type(kind: str, value: Any, path: Path, root: Node) -> Misfit:
    wanted = _WANTED.get(kind, "another value")
    _, node = locate(root, path)
    hint = f"write {wanted}"
    if kind == "string_type" and isinstance(node, Scalar):
        hint = f'put it in quotes: "{node.text}"' if node.text else 'write a value, or "" for an empty one'
    elif kind == "tuple_type" and isinstance(value, str):
        hint = f"write {path[-1]}: [{flow(value)}]"
    if value is None:
        return Misfit(f"`{_subject(path)}` has no value", hint=hint, kind=WrongType)
    return Misfit(f"`{_subject(path)}` is {described(value)} where {wanted} should be", hint=hint, kind=WrongType)


def _subject(path: Path) -> str:
    names = [step for step in path if isinstance(step, str) and step != _ON_THE_KEY]
    return quoted(names[-1])[1:-1] if names else ""
