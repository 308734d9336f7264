"""What the parts of a spec are made of: from the text of cynthus.yaml to a value, at the door and once."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated

from cynthus.core.cpus import Cpus
from cynthus.core.duration import Duration
from cynthus.core.gpu import Gpu
from cynthus.core.misfit import Misfit, flow, quoted
from cynthus.core.names import NAME_PATTERN, is_name, name_from
from cynthus.core.paths import inside, plain, writable
from cynthus.core.section import Rule
from cynthus.core.size import Size
from cynthus.errors import BadName, BadValue, DataNotSupported, WrongType

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,254}$"
ENTRY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
PYTHON_PATTERN = r"^3\.[0-9]{1,2}$"
HEALTH_PATTERN = r"^/[!-~]*$"

LONGEST_COMMAND = 200
"""How much of a command is shown back as a list."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def _parsed(kind: type, parse: Callable[[str], object], description: str, *examples: object) -> Rule:
    schema = {"type": ["string", "integer"], "description": description, "examples": list(examples)}
    return Rule(before=lambda value: value if isinstance(value, kind) else parse(_text(value)), schema=schema)


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Misfit(f"{described(value)} stands where one text is wanted", hint="write one value", kind=WrongType)
    return str(value)


def described(value: object) -> str:
    """A value's shape, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else "one value"


def _name(text: str) -> str:
    if not is_name(text):
        raise Misfit(
            f"{quoted(text)} cannot be a name: small letters, digits and dashes, a letter first, 63 at most",
            hint=f"write e.g. name: {name_from(text)}",
            kind=BadName,
        )
    return text


def _variable(text: str) -> str:
    if re.fullmatch(VARIABLE_PATTERN[1:-1], text) is None:
        hint = "use letters, digits and underscores, no digit first"
        raise Misfit(f"{quoted(text)} cannot be the name of a variable", hint=hint, kind=BadName)
    return text


def _entry(text: str) -> str:
    if re.fullmatch(ENTRY_PATTERN[1:-1], text) is None:
        hint = "use letters, digits, dots and dashes, 63 at most, a letter or digit first"
        raise Misfit(f"{quoted(text)} cannot be the name of a data entry", hint=hint, kind=BadName)
    return text


def _address(text: str) -> str:
    if _SCHEME.match(text):
        raise Misfit(
            f"this version reads data from local folders and files, not from {quoted(text)}",
            hint="download it, and name its path",
            kind=DataNotSupported,
        )
    return plain(text)


def _bucket(text: str) -> str:
    path = text.removeprefix("file://")
    if _SCHEME.match(text) and path == text:
        raise Misfit(
            f"this version saves to a folder of the host only, not to {quoted(text)}",
            hint="write e.g. bucket: file:///srv/results",
        )
    if not path.startswith("/") or ".." in path.split("/") or not path.strip("/"):
        raise Misfit(
            f"{quoted(text)} is no whole path of a folder", hint="write e.g. bucket: file:///srv/results"
        )
    return f"file://{plain(path)}"


def _port(value: object) -> object:
    text = str(value)
    if isinstance(value, bool) or re.fullmatch(r"[0-9]{1,5}", text) is None or not 0 < int(text) < 65536:
        raise Misfit(f"{quoted(text)} is no port", hint="write a number from 1 to 65535")
    return int(text)


def _health(text: str) -> str:
    if re.fullmatch(HEALTH_PATTERN[1:-1], text) is None:
        raise Misfit(f"{quoted(text)} is no path of a request", hint="write it from the root: health: /health")
    return text


def _python(text: str) -> str:
    if re.fullmatch(PYTHON_PATTERN[1:-1], text) is None:
        raise Misfit(f"{quoted(text)} is no version of Python 3", hint='write e.g. python: "3.12"')
    return text


def _image(text: str) -> str:
    if not text.isprintable() or " " in text or not text or text.startswith("-"):
        raise Misfit(f"{quoted(text)} is no image", hint="write e.g. base: python:3.12-slim")
    return text


def _requirements(text: str) -> str:
    return text if text in ("auto", "none") else inside(text)


def _source(text: str) -> str:
    return text if text == "auto" else inside(text)


def _node_count(value: object) -> object:
    text = str(value)
    if isinstance(value, bool) or re.fullmatch(r"[1-9][0-9]{0,3}", text) is None:
        raise Misfit(f"{quoted(text)} is no number of machines", hint="write a whole number: 1 or more")
    return int(text)


def _run(value: object) -> object:
    if isinstance(value, str):
        shown = ", ".join(flow(word) for word in _words(value[:LONGEST_COMMAND]))
        raise Misfit("the command is a list, not one text", hint=f"write run: [{shown}]", kind=WrongType)
    if value in ([], ()):
        raise Misfit("the command is empty", hint="write e.g. run: [python, main.py]", kind=BadValue)
    return value


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _program(argv: tuple[str, ...]) -> tuple[str, ...]:
    if not argv[0].strip():
        raise Misfit("the command does not name a program", hint="write e.g. run: [python, main.py]", at=(0,))
    return argv


def one_or_more(value: object) -> object:
    """A single value as a tuple of one."""
    return (value,) if isinstance(value, str | int | Gpu) and not isinstance(value, bool) else value


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _no_null(text: str) -> str:
    if "\0" in text:
        raise Misfit("the value holds a character that no program takes", hint="delete it")
    return text


def _matching(pattern: str, after: Callable[[str], str], kind: str | list[str] = "string") -> Rule:
    return Rule(after=after, schema={"type": kind, "pattern": pattern})


Argument = Annotated[str, Rule(before=_number_as_text, after=_no_null, written=str | int | float)]
Name = Annotated[str, _matching(NAME_PATTERN, _name)]
Variable = Annotated[str, _matching(VARIABLE_PATTERN, _variable)]
EntryName = Annotated[str, _matching(ENTRY_PATTERN, _entry)]
Address = Annotated[str, Rule(after=_address)]
BucketAddress = Annotated[str, Rule(after=_bucket)]
PythonVersion = Annotated[str, _matching(PYTHON_PATTERN, _python, ["string", "number"])]
Port = Annotated[int, Rule(before=_port)]
HealthPath = Annotated[str, _matching(HEALTH_PATTERN, _health)]
Image = Annotated[str, Rule(after=_image)]
Requirements = Annotated[str, Rule(after=_requirements)]
Source = Annotated[str, Rule(after=_source)]
Writable = Annotated[str, Rule(after=writable)]
Run = Annotated[tuple[Argument, ...], Rule(before=_run, after=_program)]
NodeCount = Annotated[int, Rule(before=_node_count)]
OneGpu = Annotated[Gpu, _parsed(Gpu, Gpu.parse, "a model and how many", "L4:1")]
SomeCpus = Annotated[Cpus, _parsed(Cpus, Cpus.parse, "processors", 4, "4+")]
SomeBytes = Annotated[Size, _parsed(Size, Size.parse, "a size", "16GB", "16GB+")]
Time = Annotated[Duration, _parsed(Duration, Duration.parse, "a time", "4h", "90s", 14400)]
