"""Requirements inferred from what the program imports.

A quick look comes first: a program that imports only the standard library and its own modules costs nothing more. For
any other, deptry reads the imports, and `guards` says under which conditions they are made. No version is written: what
is installed here says nothing about what the program needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.images.found import IMPORTS, Found
from cynthus.images.local import Local
from cynthus.images.names import NAMESPACES, Package, is_standard, package_of, table
from cynthus.images.snapshot import Text, is_flat, names_in, shown, take

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from cynthus.images.guards import Import, Kind
    from cynthus.images.parser import Parsed

NOT_RUN = re.compile(
    r"(?:.*/)?(?:(?:tests?|docs?|\.[^/]+)/.*|(?:setup|conftest|noxfile|test_[^/]*|[^/]*_test)\.py)", re.DOTALL
)
"""What lies in a program's folder and is run by others: its tests, its documentation, what builds it."""


class Program(Struct, frozen=True):
    """The program: its folder, the folder in it where it starts, and the paths of its files below that.

    `started` is the file that the command runs; `python` the version it will run on; `more_paths` whether the command's
    environment lets it import from anywhere.
    """

    folder: Path
    source: Path
    files: tuple[str, ...]
    started: str | None
    python: tuple[int, int]
    more_paths: bool = False


class _Wish(Struct, frozen=True):
    """One import that neither the standard library nor the program itself has."""

    module: str
    kind: Kind


def infer(program: Program) -> Found:
    """What must be installed for the program to run. Nothing at all where nothing is missing."""
    candidates = [path for path in program.files if path.endswith((".py", ".ipynb"))]
    read = take(program.source, [path for path in candidates if path == program.started or not NOT_RUN.match(path)])
    anywhere = program.more_paths or any(b"sys.path" in text.content for text in read.texts)
    local = Local(program.folder, program.source, candidates, anywhere=anywhere)
    doubtful = [text for text in read.texts if not _clear(text, local)]
    wishes, broken = _wishes(doubtful, program, local) if doubtful else ((), ())
    warnings = (*read.warnings, *(f"{path} cannot be parsed, so nobody looked for imports in it" for path in broken))
    return _listed(wishes, warnings)


def _clear(text: Text, local: Local) -> bool:
    """Whether a quick look shows that nothing is missing."""
    names = names_in(text)
    if names is None:
        return False
    return all(is_standard(name) or (name.isidentifier() and local.owns(name, text.path)) for name in names)


def _wishes(texts: Sequence[Text], program: Program, local: Local) -> tuple[Sequence[_Wish], Sequence[str]]:
    from cynthus.images import guards, parser

    wishes, broken = list[_Wish](), dict[str, None]()
    for text, parsed in zip(texts, parser.parse(texts), strict=True):
        guarded = None if _simple(text, parsed) else guards.imports(text.content, program.python)
        if guarded is None and parsed.modules is None:
            broken[shown(text.path)] = None
        for each in _together(text, parsed.modules or (), guarded):
            if not _there(each.module, text.path, program, local) and not _never_run(each, text.path, program, local):
                wishes.append(_Wish(each.module, each.kind))
    return wishes, tuple(broken)


def _simple(text: Text, parsed: Parsed) -> bool:
    """Whether a top-level name on a line tells all: most files are such, and this is much the faster way."""
    return parsed.modules is not None and is_flat(text) and not any(name in NAMESPACES for name, _ in parsed.modules)


def _together(
    text: Text, modules: Iterable[tuple[str, int]], guarded: tuple[Import, ...] | None
) -> Iterator[Import]:
    """What deptry found, each as our own reading of that line has it, and what it leaves out (an `else` of
    TYPE_CHECKING)."""
    from cynthus.images.guards import Import

    yield from guarded or ()
    for module, line in modules:
        if guarded is None:
            yield from (Import(name, line, line, "needed") for name in _dotted(text, module, line))
        elif not any(each.module.partition(".")[0] == module and each.first <= line <= each.last for each in guarded):
            # importlib.import_module("name")
            yield Import(module, line, line, "needed")


def _dotted(text: Text, module: str, line: int) -> Sequence[str]:
    """The full names on a line that only deptry understands."""
    there = text.content.splitlines()[line - 1 : line]
    words = there[0].decode("utf-8", "replace") if there else ""
    found = re.search(rf"\bfrom\s+({re.escape(module)}(?:\.\w+)*)\s+import\s+\(?([^()#;]*)", words)
    if found:
        return [f"{found[1]}.{name.split()[0]}" for name in found[2].split(",") if name.split()] or [found[1]]
    return re.findall(rf"\b{re.escape(module)}(?:\.\w+)*", words)[:1] or [module]


def _there(module: str, path: str, program: Program, local: Local) -> bool:
    return is_standard(module, program.python) or local.has(module, path)


def _never_run(found: Import, path: str, program: Program, local: Local) -> bool:
    """Whether it is only made where something is missing that never is, or for a type checker."""
    covered = bool(found.unless) and all(_there(each, path, program, local) for each in found.unless)
    return found.kind == "never" or covered


def _listed(wishes: Collection[_Wish], warnings: tuple[str, ...]) -> Found:
    """The lines: what is needed, then what is only wished for, as comments."""
    needed: dict[str, tuple[Package, str]] = {}
    optional: dict[str, tuple[Package, str]] = {}
    unclear = list[str]()
    for wish in wishes:
        package = package_of(wish.module)
        if package is None:
            unclear.append(f"nobody can tell by its name of which package `import {wish.module}` is: none is installed")
            continue
        group = needed if wish.kind == "needed" else optional
        group.setdefault(package.requirement, (package, wish.module))
    lines = [_line(package, module) for _, (package, module) in sorted(needed.items())]
    left = [_line(package, module) for key, (package, module) in sorted(optional.items()) if key not in needed]
    if left:
        lines += ["", "# The program does without these: take a # away to install one", *(f"# {line}" for line in left)]
    return Found(IMPORTS, tuple(lines) if needed else (), (*warnings, *dict.fromkeys(unclear)))


def _line(package: Package, module: str) -> str:
    top = module.partition(".")[0]
    if not package.known:
        return f"{package.requirement}  # a guess by the name of the import, {top}: look whether it is this package"
    same = package.requirement == top
    return package.requirement if same else f"{package.requirement}  # imported as {_short(module)}"


def _short(module: str) -> str:
    """A module as far as its name tells the package."""
    words = module.split(".")
    return next((".".join(words[:end]) for end in range(1, len(words) + 1) if ".".join(words[:end]) in table()), module)
