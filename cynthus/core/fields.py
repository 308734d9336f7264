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
from cynthus.errors import BadName, BadValue, WrongType

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.errors import UsageError

VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,254}$"
ENTRY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
CUDA_PATTERN = r"^(auto|none|[0-9]{1,2}\.[0-9]{1,2})$"
APT_PATTERN = r"^[a-z0-9][a-z0-9+.-]{1,99}(=[A-Za-z0-9.+:~-]{1,99})?$"
PYTHON_PATTERN = r"^3\.[0-9]{1,2}$"
HEALTH_PATTERN = r"^/[!-~]*$"
SUM_PATTERN = r"^[0-9a-fA-F]{64}$"

LONGEST_COMMAND = 200
"""How much of a command is shown back as a list."""

_REGISTRY_HOST = re.compile(r"localhost|[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?|[a-z0-9-]+:[0-9]{1,5}")
"""A word alone would be taken for the name of somebody at Docker Hub, which is docker.io/NAME."""
_REGISTRY_STEP = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*")
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


def _address(text: str) -> str:
    if not _SCHEME.match(text):
        return plain(text)
    # Most apps have their data beside them.
    from cynthus.core import reference

    return str(reference.parse(text))


def _model(text: str) -> str:
    from cynthus.core import reference

    if not _SCHEME.match(text) or reference.parse(text).kind not in ("model", "objects"):
        hint = "write e.g. hf://owner/name; what is data goes under `data:`"
        raise Misfit(f"{quoted(text)} is no model", hint=hint)
    return text


def _sum(text: str) -> str:
    if re.fullmatch(SUM_PATTERN[1:-1], text.lower()) is None:
        raise Misfit(f"{quoted(text)} is no SHA-256", hint="write the 64 digits that `sha256sum FILE` prints")
    return text.lower()


def _pattern(text: str) -> str:
    if not text or not text.isprintable() or text.startswith("/") or ".." in text.split("/"):
        raise Misfit(f"{quoted(text)} is no pattern of files", hint="write e.g. data/*.parquet", kind=BadValue)
    return text


_BUCKETS = "write e.g. bucket: gs://my-results/weather, or file:///srv/results for a folder of the host"
_GOOGLES = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


def _bucket(text: str) -> str:
    path = text.removeprefix("file://")
    if text.startswith("gs://"):
        return _in_google(text)
    if _SCHEME.match(text) and path == text:
        raise Misfit(f"this version does not save to {quoted(text)}", hint=_BUCKETS)
    if not path.startswith("/") or ".." in path.split("/") or not path.strip("/"):
        raise Misfit(f"{quoted(text)} is no whole path of a folder", hint=_BUCKETS)
    return f"file://{plain(path)}"


def _in_google(text: str) -> str:
    name, *words = text.removeprefix("gs://").rstrip("/").split("/")
    if _GOOGLES.fullmatch(name) is None:
        raise Misfit(f"{quoted(text)} names no bucket that Google could have", hint=_BUCKETS)
    if not text.isprintable() or any(word in ("", ".", "..") for word in words):
        raise Misfit(f"{quoted(text)} is no place in a bucket", hint=_BUCKETS)
    return "/".join(("gs:/", name, *words))


def _port(value: object) -> object:
    text = str(value)
    if isinstance(value, bool) or re.fullmatch(r"[0-9]{1,5}", text) is None or not 0 < int(text) < 65536:
        raise Misfit(f"{quoted(text)} is no port", hint="write a number from 1 to 65535")
    return int(text)


def _image(text: str) -> str:
    if not text.isprintable() or " " in text or not text or text.startswith("-"):
        raise Misfit(f"{quoted(text)} is no image", hint="write e.g. base: python:3.12-slim")
    return text


def _registry(text: str) -> str:
    name = text.rstrip("/")
    host, *steps = name.split("/")
    if _REGISTRY_HOST.fullmatch(host) is None or not all(map(_REGISTRY_STEP.fullmatch, steps)):
        example = "europe-docker.pkg.dev/project/repo, ghcr.io/owner or localhost:5000"
        raise Misfit(f"{quoted(text)} is no registry of images", hint=f"write it as HOST[/PATH]: {example}")
    return name


def _file_or_word(text: str) -> str:
    return text if text in ("auto", "none") else inside(text)


def _source(text: str) -> str:
    return text if text == "auto" else inside(text)


def _counted(what: str) -> Callable[[object], int]:
    def parse(value: object) -> int:
        text = str(value)
        if isinstance(value, bool) or re.fullmatch(r"[1-9][0-9]{0,3}", text) is None:
            raise Misfit(f"{quoted(text)} is no number of {what}", hint="write a whole number: 1 or more")
        return int(text)

    return parse


def _dollars(value: object) -> object:
    text = str(value)
    if isinstance(value, bool) or re.fullmatch(r"[0-9]{1,7}(\.[0-9]+)?", text) is None or not float(text):
        raise Misfit(f"{quoted(text)} is no sum of money", hint="write US dollars as a number: max_cost: 10")
    return float(text)


def listed(value: object) -> object:
    """A command, which is a list."""
    if isinstance(value, str):
        shown = ", ".join(flow(word) for word in words_of(value))
        raise Misfit("the command is a list, not one text", hint=f"write run: [{shown}]", kind=WrongType)
    if value in ([], ()):
        raise Misfit("the command is empty", hint="write e.g. run: [python, main.py]", kind=BadValue)
    return value


def words_of(text: str) -> list[str]:
    """The words of a command that was written as one text, as far as it is shown back."""
    text = text[:LONGEST_COMMAND]
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def with_program(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A command, which begins with a program."""
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


def like(
    pattern: str, otherwise: str, hint: str, *, types: str | list[str] = "string", kind: type[UsageError] = BadValue
) -> Rule:
    """A text of that pattern; what another one is not, `otherwise` says."""

    def fits(text: str) -> str:
        if re.fullmatch(pattern[1:-1], text) is None:
            raise Misfit(f"{quoted(text)} {otherwise}", hint=hint, kind=kind)
        return text

    return _matching(pattern, fits, types)


Argument = Annotated[str, Rule(before=_number_as_text, after=_no_null, written=str | int | float)]
Name = Annotated[str, _matching(NAME_PATTERN, _name)]
Variable = Annotated[
    str,
    like(
        VARIABLE_PATTERN, "cannot be the name of a variable", "use letters, digits and underscores, no digit first",
        kind=BadName,
    ),
]
EntryName = Annotated[
    str,
    like(
        ENTRY_PATTERN, "cannot be the name of a data entry",
        "use letters, digits, dots and dashes, 63 at most, a letter or digit first", kind=BadName,
    ),
]
Address = Annotated[str, Rule(after=_address)]
ModelAddress = Annotated[str, Rule(after=_model)]
Pattern = Annotated[str, Rule(after=_pattern)]
Sum = Annotated[str, _matching(SUM_PATTERN, _sum)]
BucketAddress = Annotated[str, Rule(after=_bucket)]
PythonVersion = Annotated[
    str,
    like(PYTHON_PATTERN, "is no version of Python 3", 'write e.g. python: "3.12"', types=["string", "number"]),
]
Port = Annotated[int, Rule(before=_port)]
HealthPath = Annotated[
    str, like(HEALTH_PATTERN, "is no path of a request", "write it from the root: health: /health")
]
Image = Annotated[str, Rule(after=_image)]
Cuda = Annotated[
    str,
    like(
        CUDA_PATTERN, "is no version of CUDA", 'write e.g. cuda: "12.8", or `auto` or `none`',
        types=["string", "number"],
    ),
]
AptPackage = Annotated[
    str, like(APT_PATTERN, "is no package of Debian's or Ubuntu's", "write e.g. apt: [ffmpeg, libgl1]")
]
Registry = Annotated[str, Rule(after=_registry)]
Requirements = Annotated[str, Rule(after=_file_or_word)]
Dockerfile = Annotated[str, Rule(after=_file_or_word)]
Source = Annotated[str, Rule(after=_source)]
Writable = Annotated[str, Rule(after=writable)]
Run = Annotated[tuple[Argument, ...], Rule(before=listed, after=with_program)]
NodeCount = Annotated[int, Rule(before=_counted("machines"))]
AttemptCount = Annotated[int, Rule(before=_counted("attempts"))]
Dollars = Annotated[float, Rule(before=_dollars)]
OneGpu = Annotated[Gpu, _parsed(Gpu, Gpu.parse, "a model and how many", "L4:1")]
SomeCpus = Annotated[Cpus, _parsed(Cpus, Cpus.parse, "processors", 4, "4+")]
SomeBytes = Annotated[Size, _parsed(Size, Size.parse, "a size", "16GB", "16GB+")]
Time = Annotated[Duration, _parsed(Duration, Duration.parse, "a time", "4h", "90s", 14400)]
