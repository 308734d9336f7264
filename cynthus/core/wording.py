"""What was found wrong, in the words of cynthus.yaml and at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.fields import described
from cynthus.core.misfit import Misfit, flow, quoted
from cynthus.core.nodes import Mark, Node, Path, Scalar, locate
from cynthus.core.ports import ServedPort
from cynthus.core.section import Section, keys_of
from cynthus.core.spec import AppSpec, DataEntry, Image, Limits, Resources
from cynthus.core.ssh import Ssh, SshHost
from cynthus.core.suggest import did_you_mean
from cynthus.errors import BadValue, UnknownKey, WrongType

if TYPE_CHECKING:
    from cynthus.core.building import Problem

SECTIONS: dict[str, type[Section]] = {
    "image": Image,
    "resources": Resources,
    "limits": Limits,
    "data": DataEntry,
    "ports": ServedPort,
    "ssh": Ssh,
    "ssh.hosts": SshHost,
}

_WANTED = {
    "text": "a text",
    "list": "a list, e.g. [one, two]",
    "mapping": "keys with values, e.g. {KEY: value}",
    "section": "keys with values",
    "other": "another value",
}


def worded(problem: Problem, root: Node) -> list[tuple[Mark, Misfit]]:
    """Where the problem is, or those of one value are, and what to say about each."""
    first = _misfit(problem, root)
    return [
        (locate(root, problem.path + misfit.at, key=problem.on_key)[0], misfit) for misfit in (first, *first.others)
    ]


def _misfit(problem: Problem, root: Node) -> Misfit:
    if problem.misfit is not None:
        return problem.misfit
    if problem.kind == "unknown":
        return _unknown_key(problem)
    if problem.kind == "missing":
        key = problem.path[-1]
        return Misfit(f"the key `{key}` is missing", hint=f"write {key}: and a value", kind=WrongType)
    if problem.kind == "choice":
        return _no_choice(problem)
    return _wrong_type(problem, root)


def _unknown_key(problem: Problem) -> Misfit:
    word, known = str(problem.path[-1]), list(keys_of(problem.section or AppSpec))
    hint = did_you_mean(word, known) or _elsewhere(word) or f"the keys here are: {', '.join(known)}"
    return Misfit(f"there is no key {quoted(word)} here", hint=hint, kind=UnknownKey)


def _elsewhere(word: str) -> str:
    for name, section in SECTIONS.items():
        if word in keys_of(section):
            return f"`{word}` stands below `{name}:`"
    return f"`{word}` stands on the first level" if word in keys_of(AppSpec) else ""


def _no_choice(problem: Problem) -> Misfit:
    word, choices = problem.value, problem.choices
    shown = quoted(word) if isinstance(word, str) else described(word)
    hint = (did_you_mean(word, choices) if isinstance(word, str) else "") or f"choose one of: {', '.join(choices)}"
    return Misfit(f"`{problem.path[-1]}` cannot be {shown}", hint=hint, kind=BadValue)


def _wrong_type(problem: Problem, root: Node) -> Misfit:
    value, path, wanted = problem.value, problem.path, _WANTED[problem.kind]
    _, node = locate(root, path)
    hint = f"write {wanted}"
    if problem.kind == "text" and isinstance(node, Scalar):
        hint = f'put it in quotes: "{node.text}"' if node.text else 'write a value, or "" for an empty one'
    elif problem.kind == "list" and isinstance(value, str):
        hint = f"write {path[-1]}: [{flow(value)}]"
    if value is None:
        return Misfit(f"`{_subject(path)}` has no value", hint=hint, kind=WrongType)
    return Misfit(f"`{_subject(path)}` is {described(value)} where {wanted} should be", hint=hint, kind=WrongType)


def _subject(path: Path) -> str:
    names = [step for step in path if isinstance(step, str)]
    return quoted(names[-1])[1:-1] if names else ""
