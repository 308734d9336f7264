"""What a build with the user's own Dockerfile sees: no more than it names, so that a changed main.py builds nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import dockerignore
from cynthus.agent.failure import ENVIRONMENT, Failure
from cynthus.agent.listing import listing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.dockerignore import DockerRules
    from cynthus.agent.listing import Item
    from cynthus.agent.spec import Spec

ALL = "."
"""The name of all that there is."""

_CHUNK = 1 << 20
_CONTINUED = re.compile(r"\\[ \t]*\n")
_ESCAPE = re.compile(r"\s*#\s*escape\s*=\s*`", re.IGNORECASE)


class Context(NamedTuple):
    """The folder of a Dockerfile, its name there, and the files below that its build may take, in order of path."""

    root: Path
    dockerfile: str
    files: tuple[str, ...]


def of(spec: Spec, folder: Path) -> Context:
    """The context of the Dockerfile that a spec names. What .gitignore and .dockerignore leave out is not in it.

    Raises:
        Failure: the Dockerfile, or something that it takes, cannot be read.
    """
    assert spec.dockerfile is not None  # noqa: S101 - only those who have one ask
    file = folder / spec.dockerfile
    named = tuple(taken(_text(file)))
    root = os.path.dirname(spec.dockerfile) or ALL  # noqa: PTH120 - a path in the spec
    if root.startswith(".cynthus/"):
        # A version that was kept: no more than what its build may take.
        kept = (path.relative_to(file.parent).as_posix() for path in file.parent.rglob("*") if path.is_file())
        return Context(file.parent, file.name, tuple(sorted(each for each in kept if _is_among(each, named))))
    # A file that a Dockerfile names is meant, however large it is; one in a folder that it takes need not be.
    items = listing(folder, spec._replace(source=root), meant=named) if named else []
    left_out = _left_out(file)
    found = sorted({each for item in items for each in _files(file.parent, item) if not left_out.ignored(each)})
    return Context(file.parent, file.name, tuple(each for each in found if _is_among(each, named)))


def _left_out(file: Path) -> DockerRules:
    """What Docker itself would leave out: by the file that is for this Dockerfile alone, else by that of its folder."""
    own = file.with_name(f"{file.name}.dockerignore")
    return dockerignore.read(own if own.is_file() else file.with_name(".dockerignore"))


def _files(root: Path, item: Item) -> Iterator[str]:
    """The files that an entry stands for. A link counts as what it leads to, which is inside: `listing` saw to that."""
    path = root / item.path
    if path.is_file():
        yield item.path
    elif item.target and path.is_dir():
        for folder, _, names in os.walk(path):
            yield from (os.path.relpath(f"{folder}/{name}", root) for name in names)


def digest(context: Context) -> str:
    """A hash over the Dockerfile and all that its build may take.

    Raises:
        Failure: one of them cannot be read.
    """
    total = hashlib.sha256()
    for name in (context.dockerfile, *context.files):
        file = context.root / name
        content = hashlib.sha256()
        try:
            with open(file, "rb") as stream:
                while data := stream.read(_CHUNK):
                    content.update(data)
        except OSError as error:
            raise _unreadable(file, error) from None
        total.update(json.dumps([name, content.hexdigest(), os.access(file, os.X_OK)]).encode())
    return total.hexdigest()


def taken(text: str) -> Iterator[str]:
    """The files and folders that a Dockerfile takes from its context; ALL where nobody can tell which."""
    if _ESCAPE.match(text):
        yield ALL
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in filter(str.strip, _CONTINUED.sub(" ", "\n".join(lines) + "\n").splitlines()):
        instruction, *rest = line.strip().split(maxsplit=1)
        words = rest[0] if rest else ""
        if instruction.upper() in ("COPY", "ADD"):
            yield from _copied(words.strip())
        elif instruction.upper() == "ONBUILD" or (instruction.upper() == "RUN" and _mounts(words)):
            yield ALL


def _mounts(words: str) -> bool:
    """Whether a command of the build sees something of the context."""
    mounts = [word for word in words.split() if word.startswith("--mount=")]
    return any("from=" not in each and ("type=" not in each or "type=bind" in each) for each in mounts)


def _copied(words: str) -> Iterator[str]:
    flags = re.match(r"(--\S+\s+)*", words)
    end = flags.end() if flags else 0
    if "--from=" in words[:end]:
        return
    # A variable may mean anything, and a text in the Dockerfile itself is rare.
    yield from [ALL] if "$" in words or "<<" in words else _sources(words[end:])


def _sources(words: str) -> Iterator[str]:
    """All but the last are sources. Of a pattern only the folder counts in which it begins."""
    try:
        split = json.loads(words) if words.startswith("[") else shlex.split(words)
    except ValueError:
        yield ALL
        return
    for word in map(str, split[:-1]):
        if "://" in word or word.startswith("git@"):
            continue
        plain = re.split(r"[*?\[]", word)[0]
        whole = plain if plain == word else plain.rpartition("/")[0]
        yield os.path.normpath(whole.lstrip("/") or ALL)


def _is_among(path: str, named: tuple[str, ...]) -> bool:
    return any(each == ALL or path == each or path.startswith(f"{each}/") for each in named)


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> Failure:
    return Failure(f"{file}: {(error.strerror or str(error)).lower()}", hint="mend its permissions", code=ENVIRONMENT)
