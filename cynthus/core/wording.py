"""What was found wrong, in the words of cynthus.yaml and at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.fields import described
from cynthus.core.gcp import Gcp
from cynthus.core.misfit import Misfit, flow, quoted
from cynthus.core.nodes import Mark, Node, Path, Scalar, locate
from cynthus.core.ports import ServedPort
from cynthus.core.preprocess import Preprocess
from cynthus.core.retry import Retry
from cynthus.core.section import Section, keys_of
from cynthus.core.spec import AppSpec, DataEntry, Image, Limits, Resources
from cynthus.core.ssh import Ssh, SshHost
from cynthus.core.suggest import did_you_mean
from cynthus.errors import BadValue, UnknownKey, WrongType

if TYPE_CHECKING:
    from cynthus.core.building import Flaw

_SLIP = 0.8
"""How alike a word and a key are where a letter or two are wrong."""
SECTIONS: dict[str, type[Section]] = {
    "image": Image,
    "resources": Resources,
    "limits": Limits,
    "retry": Retry,
    "data": DataEntry,
    "ports": ServedPort,
    "preprocess": Preprocess,
    "ssh": Ssh,
    "ssh.hosts": SshHost,
    "gcp": Gcp,
}

_WANTED = {
    "text": "a text",
    "list": "a list, e.g. [one, two]",
    "mapping": "keys with values, e.g. {KEY: value}",
    "section": "keys with values",
    "bool": "true or false",
    "other": "another value",
}


def worded(flaw: Flaw, root: Node) -> list[tuple[Mark, Misfit]]:
    """Where the flaw is, or those of one value are, and what to say about each."""
    first = _misfit(flaw, root)
    return [
        (locate(root, flaw.path + misfit.at, key=flaw.on_key)[0], misfit) for misfit in (first, *first.others)
    ]


def _misfit(flaw: Flaw, root: Node) -> Misfit:
    if flaw.misfit is not None:
        return flaw.misfit
    if flaw.kind == "unknown":
        return _unknown_key(flaw)
    if flaw.kind == "missing":
        key = flaw.path[-1]
        return Misfit(f"the key `{key}` is missing", hint=f"write {key}: and a value", kind=WrongType)
    if flaw.kind == "choice":
        return _no_choice(flaw)
    return _wrong_type(flaw, root)


def _unknown_key(flaw: Flaw) -> Misfit:
    word, known = str(flaw.path[-1]), list(keys_of(flaw.section or AppSpec))
    # A slip goes before a key of another place, and that before a guess: `port` is `ports`, and `gpu` is not `gcp`.
    slip = did_you_mean(word, known, cutoff=_SLIP)
    hint = slip or _elsewhere(word) or did_you_mean(word, known) or f"the keys here are: {', '.join(known)}"
    return Misfit(f"there is no key {quoted(word)} here", hint=hint, kind=UnknownKey)


def _elsewhere(word: str) -> str:
    for name, section in SECTIONS.items():
        if word in keys_of(section):
            return f"`{word}` stands below `{name}:`"
    return f"`{word}` stands on the first level" if word in keys_of(AppSpec) else ""


def _no_choice(flaw: Flaw) -> Misfit:
    word, choices = flaw.value, flaw.choices
    shown = quoted(word) if isinstance(word, str) else described(word)
    hint = (did_you_mean(word, choices) if isinstance(word, str) else "") or f"choose one of: {', '.join(choices)}"
    return Misfit(f"`{flaw.path[-1]}` cannot be {shown}", hint=hint, kind=BadValue)


def _wrong_type(flaw: Flaw, root: Node) -> Misfit:
    value, path, wanted = flaw.value, flaw.path, _WANTED[flaw.kind]
    _, node = locate(root, path)
    hint = f"write {wanted}"
    if flaw.kind == "text" and isinstance(node, Scalar):
        hint = f'put it in quotes: "{node.text}"' if node.text else 'write a value, or "" for an empty one'
    elif flaw.kind == "list" and isinstance(value, str):
        hint = f"write {path[-1]}: [{flow(value)}]"
    if value is None:
        return Misfit(f"`{_subject(path)}` has no value", hint=hint, kind=WrongType)
    return Misfit(f"`{_subject(path)}` is {described(value)} where {wanted} should be", hint=hint, kind=WrongType)


def _subject(path: Path) -> str:
    names = [step for step in path if isinstance(step, str)]
    return quoted(names[-1])[1:-1] if names else ""
